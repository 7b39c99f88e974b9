// SPDX-License-Identifier: Apache-2.0

package fsshare

import (
	"sync"

	"fsshare/clients/go/api"

	"google.golang.org/protobuf/proto"
)

// rootDestination is the destination that root filesystems have in the status.
const rootDestination = "/"

// scope is what of a sandbox a request makes or ends: all of it, all of a
// container, or what is at one destination. What is empty is all.
type scope struct {
	sandbox, container, destination string
}

func (s scope) holds(other scope) bool {
	return s.sandbox == other.sandbox &&
		(s.container == "" || s.container == other.container) &&
		(s.destination == "" || s.destination == other.destination)
}

type effect struct {
	makes, ends *scope
}

// effectOf says what a request does to what is there.
func effectOf(request proto.Message) effect {
	switch r := request.(type) {
	case *api.PrepareRequest:
		return effect{makes: &scope{sandbox: r.SandboxId}}
	case *api.ShareFileRequest:
		return effect{makes: &scope{r.SandboxId, r.ContainerId, r.GetMount().GetDestination()}}
	case *api.ShareFilesRequest:
		return effect{makes: &scope{sandbox: r.SandboxId, container: r.ContainerId}}
	case *api.ShareRootFilesystemRequest:
		return effect{makes: &scope{r.SandboxId, r.ContainerId, rootDestination}}
	case *api.CleanupRequest:
		return effect{ends: &scope{sandbox: r.SandboxId}}
	case *api.UnshareContainerRequest:
		return effect{ends: &scope{sandbox: r.SandboxId, container: r.ContainerId}}
	case *api.UnshareRootFilesystemRequest:
		return effect{ends: &scope{r.SandboxId, r.ContainerId, rootDestination}}
	case *api.UnshareFileRequest:
		// Who knows the share's id has had the answer of what made it.
		if r.Destination != "" {
			return effect{ends: &scope{r.SandboxId, r.ContainerId, r.Destination}}
		}
	}
	return effect{}
}

// making has the calls of a client that make something and are not answered yet, so
// that what ends it also ends their retries. Otherwise such a retry would make anew
// what was ended, and nobody would end it again.
type making struct {
	mu    sync.Mutex
	calls map[*entry]scope
}

type entry struct {
	of    *making
	ended bool
}

// enter keeps a call that makes something until leave, and ends the others that it
// is to end.
func (m *making) enter(e effect) *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	call := &entry{of: m}
	if e.makes != nil {
		if m.calls == nil {
			m.calls = map[*entry]scope{}
		}
		m.calls[call] = *e.makes
	}
	if e.ends != nil {
		for other, makes := range m.calls {
			if e.ends.holds(makes) {
				other.ended = true
			}
		}
	}
	return call
}

func (e *entry) leave() {
	e.of.mu.Lock()
	defer e.of.mu.Unlock()
	delete(e.of.calls, e)
}

// isEnded tells whether another call has ended what this one makes.
func (e *entry) isEnded() bool {
	e.of.mu.Lock()
	defer e.of.mu.Unlock()
	return e.ended
}
