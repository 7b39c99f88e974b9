// SPDX-License-Identifier: Apache-2.0

package runtimes

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"fsshare/clients/go/api"

	"google.golang.org/protobuf/proto"
)

// take looks at a reply to a request for these mounts.
func (p *pod) take(container string, mounts []string, reply proto.Message) {
	p.t.Helper()
	switch r := reply.(type) {
	case *api.PrepareReply:
		p.sharedDir = r.SharedDir
	case *api.ShareFileReply:
		p.keep(container, mounts[0], r)
	case *api.ShareFilesReply:
		for i, outcome := range r.Outcomes {
			p.keep(container, mounts[i], outcome.Reply)
		}
	case *api.ShareRootFilesystemReply:
		p.keepAt(container, "rootfs", p.sees(p.exported(r.GuestPath)))
	}
}

// exported says where on the host that is which has this path in the guest.
func (p *pod) exported(guestPath string) string {
	p.t.Helper()
	if !strings.HasPrefix(guestPath, p.shareDir+"/") {
		p.t.Fatalf("%s is not below %s", guestPath, p.shareDir)
	}
	return filepath.Join(p.sharedDir, strings.TrimPrefix(guestPath, p.shareDir))
}

// sees returns a path of the host as a file server of the sandbox sees it.
func (p *pod) sees(path string) string {
	if p.runtime.hasShims() {
		return p.shim.sees(path)
	}
	return p.node.Sees(path)
}

// guestPaths are those of what a reply shares.
func guestPaths(reply proto.Message) []string {
	var paths []string
	switch r := reply.(type) {
	case *api.ShareFileReply:
		paths = []string{r.GuestPath}
	case *api.ShareFilesReply:
		for _, outcome := range r.Outcomes {
			paths = append(paths, outcome.Reply.GuestPath)
		}
	case *api.ShareRootFilesystemReply:
		paths = []string{r.GuestPath}
	}
	return paths
}

func (p *pod) keep(container, mount string, reply *api.ShareFileReply) {
	p.t.Helper()
	if reply.Ignored {
		p.t.Fatalf("%s: %s", mount, reply.Reason)
	}
	if mount == "cache" && p.runtime.handsStoragesOn() {
		p.makeLocal(reply)
	}
	if p.runtime.Mode == "copy" {
		p.keepAt(container, mount, p.guest.At(reply.GuestPath))
	} else {
		p.keepAt(container, mount, p.sees(p.exported(reply.RawGuestPath)))
	}
}

func (p *pod) keepAt(container, mount, path string) {
	if p.shared[container] == nil {
		p.shared[container] = map[string]string{}
	}
	p.shared[container][mount] = path
}

// makeLocal does what the guest agent does with the storage of an emptyDir that has
// nothing to be copied.
func (p *pod) makeLocal(reply *api.ShareFileReply) {
	p.t.Helper()
	if len(reply.VolumeStorages) != 1 {
		p.t.Fatalf("%v", reply)
	}
	storage, path := reply.VolumeStorages[0], p.guest.At(reply.GuestPath)
	if storage.Driver != "local" || storage.MountPoint != reply.GuestPath {
		p.t.Fatalf("%v", reply)
	}
	if _, err := os.Lstat(path); !p.hasLocal && !errors.Is(err, os.ErrNotExist) {
		p.t.Errorf("%s was copied: %v", path, err)
	}
	p.hasLocal = true
	p.must(os.MkdirAll(path, 0o777))
}
