// SPDX-License-Identifier: Apache-2.0

package fsshare

import (
	"context"

	"fsshare/clients/go/api"
)

// Prepare makes a sandbox known. Copies need the guest's address, which SetGuest may tell
// later; the guest is not called yet.
func (c *Client) Prepare(ctx context.Context, request *api.PrepareRequest) (*api.PrepareReply, error) {
	reply := &api.PrepareReply{}
	if err := c.call(ctx, "Prepare", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// SetGuest tells what Prepare could not know of the guest yet, such as its address.
func (c *Client) SetGuest(ctx context.Context, request *api.SetGuestRequest) (*api.SetGuestReply, error) {
	reply := &api.SetGuestReply{}
	if err := c.call(ctx, "SetGuest", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// Cleanup forgets a sandbox, and takes away what it has on the host.
func (c *Client) Cleanup(ctx context.Context, request *api.CleanupRequest) (*api.CleanupReply, error) {
	reply := &api.CleanupReply{}
	if err := c.call(ctx, "Cleanup", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// ShareFile makes a mount of a container visible in the guest. Where the reply says
// ignored the container goes without it; otherwise it mounts GuestPath.
func (c *Client) ShareFile(ctx context.Context, request *api.ShareFileRequest) (*api.ShareFileReply, error) {
	reply := &api.ShareFileReply{}
	if err := c.call(ctx, "ShareFile", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// ShareFiles makes several mounts of a container visible in the guest in one round trip;
// the outcomes are in the order of the mounts.
func (c *Client) ShareFiles(ctx context.Context, request *api.ShareFilesRequest) (*api.ShareFilesReply, error) {
	reply := &api.ShareFilesReply{}
	if err := c.call(ctx, "ShareFiles", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// UnshareFile ends one share.
func (c *Client) UnshareFile(ctx context.Context, request *api.UnshareFileRequest) (*api.UnshareFileReply, error) {
	reply := &api.UnshareFileReply{}
	if err := c.call(ctx, "UnshareFile", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// UnshareContainer ends all shares of a container, its root filesystem among them.
func (c *Client) UnshareContainer(ctx context.Context, request *api.UnshareContainerRequest) (*api.UnshareContainerReply, error) {
	reply := &api.UnshareContainerReply{}
	if err := c.call(ctx, "UnshareContainer", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// ShareRootFilesystem makes the root filesystem of a container visible in the guest, or
// says what the guest has to mount.
func (c *Client) ShareRootFilesystem(ctx context.Context, request *api.ShareRootFilesystemRequest) (*api.ShareRootFilesystemReply, error) {
	reply := &api.ShareRootFilesystemReply{}
	if err := c.call(ctx, "ShareRootFilesystem", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// UnshareRootFilesystem ends the share of a root filesystem.
func (c *Client) UnshareRootFilesystem(ctx context.Context, request *api.UnshareRootFilesystemRequest) (*api.UnshareRootFilesystemReply, error) {
	reply := &api.UnshareRootFilesystemReply{}
	if err := c.call(ctx, "UnshareRootFilesystem", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// StartFileEventWatcher lets the copies of a sandbox follow their volumes, which Prepare
// does by itself in copy mode.
func (c *Client) StartFileEventWatcher(ctx context.Context, request *api.StartFileEventWatcherRequest) (*api.StartFileEventWatcherReply, error) {
	reply := &api.StartFileEventWatcherReply{}
	if err := c.call(ctx, "StartFileEventWatcher", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// StopFileEventWatcher leaves the copies of a sandbox as they are.
func (c *Client) StopFileEventWatcher(ctx context.Context, request *api.StopFileEventWatcherRequest) (*api.StopFileEventWatcherReply, error) {
	reply := &api.StopFileEventWatcherReply{}
	if err := c.call(ctx, "StopFileEventWatcher", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// ListSandboxes returns the status of all sandboxes.
func (c *Client) ListSandboxes(ctx context.Context, request *api.ListSandboxesRequest) (*api.ListSandboxesReply, error) {
	reply := &api.ListSandboxesReply{}
	if err := c.call(ctx, "ListSandboxes", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// GetSandbox returns all there is to know of a sandbox: its shares, volumes, and what
// could not be removed from the guest.
func (c *Client) GetSandbox(ctx context.Context, request *api.GetSandboxRequest) (*api.GetSandboxReply, error) {
	reply := &api.GetSandboxReply{}
	if err := c.call(ctx, "GetSandbox", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// ListVolumes returns the volumes and their copies.
func (c *Client) ListVolumes(ctx context.Context, request *api.ListVolumesRequest) (*api.ListVolumesReply, error) {
	reply := &api.ListVolumesReply{}
	if err := c.call(ctx, "ListVolumes", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// CollectOrphans lists, or removes, sandboxes of earlier processes that nobody knows.
func (c *Client) CollectOrphans(ctx context.Context, request *api.CollectOrphansRequest) (*api.CollectOrphansReply, error) {
	reply := &api.CollectOrphansReply{}
	if err := c.call(ctx, "CollectOrphans", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// WatchEvents returns what has happened to sandboxes, shares and volumes behind a
// cursor, or waits for the next event.
func (c *Client) WatchEvents(ctx context.Context, request *api.WatchEventsRequest) (*api.WatchEventsReply, error) {
	reply := &api.WatchEventsReply{}
	if err := c.call(ctx, "WatchEvents", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// Check tells whether fsshared takes calls.
func (c *Client) Check(ctx context.Context, request *api.CheckRequest) (*api.CheckReply, error) {
	reply := &api.CheckReply{}
	if err := c.call(ctx, "Check", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// Version tells which fsshared it is.
func (c *Client) Version(ctx context.Context, request *api.VersionRequest) (*api.VersionReply, error) {
	reply := &api.VersionReply{}
	if err := c.call(ctx, "Version", request, reply); err != nil {
		return nil, err
	}
	return reply, nil
}
