// SPDX-License-Identifier: Apache-2.0

package runtimes

import (
	"context"
	"testing"

	"fsshare/clients/go/api"
	"fsshare/clients/go/fssharetest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestANodeRestartLeavesNothing ends the node agent and all guests while pods live, as
// when a node is switched off. Then each sandbox is cleaned up, as by the adapters, and
// pods of the same names live from the beginning.
func TestANodeRestartLeavesNothing(t *testing.T) {
	calls, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range calls.Runtimes {
		runtime := &calls.Runtimes[i]
		t.Run(runtime.Name+" "+runtime.Mode, func(t *testing.T) {
			restartNode(t, calls, runtime)
		})
	}
}

func restartNode(t *testing.T, calls *Calls, runtime *Runtime) {
	const pods = 3
	profile := profiles[len(profiles)-1]
	node := startNode(t, runtime)
	for number := 0; number < pods; number++ {
		guest := newGuest(t, runtime, faults[0], profile)
		pod := newPod(t, node, guest, calls, runtime, faults[0], number)
		pod.play(upToTheFirstRotation(calls))
		if guest != nil {
			guest.Kill()
		}
		if pod.shim != nil {
			pod.shim.end()
		}
	}
	node.Kill()
	node.StartAgain()
	for number := 0; number < pods; number++ {
		guest := newGuest(t, runtime, faults[0], profile)
		pod := newPod(t, node, guest, calls, runtime, faults[0], number)
		pod.giveUp()
		pod.live()
	}
	nothingIsLeft(t, node)
}

// upToTheFirstRotation returns what a pod has lived through when containers of it run.
func upToTheFirstRotation(calls *Calls) []Event {
	for i, event := range calls.Life {
		if event.Phase == "rotate" {
			return calls.Life[:i+1]
		}
	}
	return calls.Life
}

// giveUp cleans up what an earlier node agent may have made.
func (p *pod) giveUp() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), fssharetest.Patience)
	defer cancel()
	request := &api.CleanupRequest{SandboxId: p.values["SANDBOX"]}
	_, err := p.client.Cleanup(ctx, request)
	if status.Code(err) == codes.FailedPrecondition {
		request.Abandoned = true
		_, err = p.client.Cleanup(ctx, request)
	}
	p.must(err)
}
