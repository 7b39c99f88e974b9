// SPDX-License-Identifier: Apache-2.0

package virtcontainers

import (
	"context"
	"fmt"
	"sync"

	fsshare "fsshare/clients/go"
	"fsshare/clients/go/api"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// fsshareSharer lets fsshare, the node agent, copy files into a guest with which no
// filesystem is shared, and keep them current there. All else, and all of a guest that
// shares a filesystem, is another sharer's.
type fsshareSharer struct {
	FilesystemSharer
	sandbox *Sandbox
	client  *fsshare.Client

	mu   sync.Mutex
	told bool
}

// withFsshare returns a sharer that uses the fsshare which listens at a socket, and
// other itself where there is no socket.
func withFsshare(s *Sandbox, other FilesystemSharer, socket string) FilesystemSharer {
	if socket == "" {
		return other
	}
	return &fsshareSharer{FilesystemSharer: other, sandbox: s, client: fsshare.New(socket)}
}

func (f *fsshareSharer) copies(ctx context.Context) bool {
	caps := f.sandbox.hypervisor.Capabilities(ctx)
	return !caps.IsFsSharingSupported()
}

// Prepare also makes the sandbox known to fsshare, so that one that cannot be reached is
// told before there is a guest.
func (f *fsshareSharer) Prepare(ctx context.Context) error {
	if err := f.prepare(ctx); err != nil {
		return err
	}
	if err := f.FilesystemSharer.Prepare(ctx); err != nil {
		// Cleanup is not called for what was not prepared.
		_ = f.cleanup(ctx)
		return err
	}
	return nil
}

func (f *fsshareSharer) prepare(ctx context.Context) error {
	if !f.copies(ctx) {
		return nil
	}
	memory := int64(f.sandbox.config.HypervisorConfig.MemorySize) << 20
	_, err := f.client.Prepare(ctx, &api.PrepareRequest{
		SandboxId: f.sandbox.id,
		Mode:      api.SharingMode_SHARING_MODE_COPY,
		Guest:     &api.Guest{MemoryBytes: memory},
	})
	return err
}

// tellOfGuest tells fsshare, once, what Prepare could not: the guest agent's address,
// which there is not before the guest is started, and what the agent says of itself.
func (f *fsshareSharer) tellOfGuest(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.told {
		return nil
	}
	address, err := f.sandbox.agent.getAgentURL()
	if err != nil {
		return fmt.Errorf("address of the guest agent: %w", err)
	}
	_, err = f.client.SetGuest(ctx, &api.SetGuestRequest{
		SandboxId: f.sandbox.id,
		Guest: &api.Guest{
			Address: address,
			Policy:  policyOf(f.sandbox.guestFeatures),
		},
	})
	f.told = err == nil
	return err
}

// policyOf goes by what the guest agent was built with. One without a policy takes
// every request, so that one copy of a volume may serve all containers. Agents up to
// 3.2 tell nothing.
func policyOf(features []string) api.GuestPolicy {
	if len(features) == 0 {
		return api.GuestPolicy_GUEST_POLICY_UNKNOWN
	}
	for _, feature := range features {
		if feature == "agent-policy" {
			return api.GuestPolicy_GUEST_POLICY_SET
		}
	}
	return api.GuestPolicy_GUEST_POLICY_NONE
}

// ShareFile returns when the guest has all of it, and nil for what cannot be copied,
// such as a socket.
func (f *fsshareSharer) ShareFile(ctx context.Context, c *Container, m *Mount) (*SharedFile, error) {
	if !f.copies(ctx) {
		return f.FilesystemSharer.ShareFile(ctx, c, m)
	}
	if err := f.tellOfGuest(ctx); err != nil {
		return nil, err
	}
	reply, err := f.client.ShareFile(ctx, &api.ShareFileRequest{
		SandboxId:   f.sandbox.id,
		ContainerId: c.id,
		Mount: &api.Mount{
			Source:      m.Source,
			Destination: m.Destination,
			Type:        m.Type,
			Options:     m.Options,
			ReadOnly:    m.ReadOnly,
		},
	})
	if err != nil {
		return nil, err
	}
	for _, left := range reply.Skipped {
		c.Logger().Warnf("fsshare did not copy %s: %s", left.Path, left.Reason)
	}
	if reply.Ignored {
		c.Logger().Warnf("%s is not copied: %s", m.Source, reply.Reason)
		return nil, nil
	}
	return &SharedFile{guestPath: reply.GuestPath}, nil
}

// UnshareRootFilesystem ends all copies of the container, too: nothing else is called
// for those when it ends.
func (f *fsshareSharer) UnshareRootFilesystem(ctx context.Context, c *Container) error {
	copies := f.endCopies(ctx, c)
	if err := f.FilesystemSharer.UnshareRootFilesystem(ctx, c); err != nil {
		return err
	}
	return copies
}

func (f *fsshareSharer) endCopies(ctx context.Context, c *Container) error {
	if !f.copies(ctx) {
		return nil
	}
	_, err := f.client.UnshareContainer(ctx, &api.UnshareContainerRequest{
		SandboxId: f.sandbox.id, ContainerId: c.id,
	})
	if status.Code(err) == codes.NotFound {
		// It shared nothing, or an fsshared before this one knew it.
		return nil
	}
	return err
}

// Cleanup also ends what the sandbox has with fsshare.
func (f *fsshareSharer) Cleanup(ctx context.Context) error {
	copies := f.cleanup(ctx)
	if err := f.FilesystemSharer.Cleanup(ctx); err != nil {
		return err
	}
	return copies
}

func (f *fsshareSharer) cleanup(ctx context.Context) error {
	if !f.copies(ctx) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	request := &api.CleanupRequest{SandboxId: f.sandbox.id}
	_, err := f.client.Cleanup(ctx, request)
	if status.Code(err) == codes.FailedPrecondition {
		// An fsshared before this one knew it. Who ends the sandbox may say that nobody
		// needs it any more.
		request.Abandoned = true
		_, err = f.client.Cleanup(ctx, request)
	}
	if err != nil {
		return err
	}
	f.told = false
	return nil
}

// StartFileEventWatcher returns at once where copies are fsshare's: they follow by
// themselves.
func (f *fsshareSharer) StartFileEventWatcher(ctx context.Context) error {
	if f.copies(ctx) {
		return nil
	}
	return f.FilesystemSharer.StartFileEventWatcher(ctx)
}

// StopFileEventWatcher stops nothing where nothing was started.
func (f *fsshareSharer) StopFileEventWatcher(ctx context.Context) {
	if !f.copies(ctx) {
		f.FilesystemSharer.StopFileEventWatcher(ctx)
	}
}
