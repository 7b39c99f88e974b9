// SPDX-License-Identifier: Apache-2.0

// Package virtcontainers has what fs_share_fsshare.go finds around it in Kata's
// package of that name, in the same shape, so that this file is compiled and tested
// here as it is.
package virtcontainers

import (
	"context"
	"log"
)

type capabilities struct {
	fsSharing bool
}

// IsFsSharingSupported tells whether host and guest share a filesystem.
func (c capabilities) IsFsSharingSupported() bool {
	return c.fsSharing
}

type hypervisor interface {
	Capabilities(context.Context) capabilities
}

type agent interface {
	getAgentURL() (string, error)
}

// HypervisorConfig has the memory that a guest is started with, in MiB.
type HypervisorConfig struct {
	MemorySize uint32
}

// SandboxConfig is what a sandbox is made from.
type SandboxConfig struct {
	HypervisorConfig HypervisorConfig
}

// Sandbox is one.
type Sandbox struct {
	id         string
	config     *SandboxConfig
	hypervisor hypervisor
	agent      agent
	// Added: what its guest agent was built with.
	guestFeatures []string
}

type logger struct{}

func (logger) Warnf(format string, arguments ...interface{}) {
	log.Printf(format, arguments...)
}

// Container is one of a sandbox.
type Container struct {
	id string
}

// Logger is where its warnings go.
func (c *Container) Logger() logger {
	return logger{}
}

// Mount is one of a container's specification.
type Mount struct {
	Source, Destination, Type string
	Options                   []string
	ReadOnly                  bool
}

// SharedFile is what the guest has of a Mount.
type SharedFile struct {
	guestPath string
}

// FilesystemSharer is what a sandbox shares filesystems with its guest through.
type FilesystemSharer interface {
	Prepare(context.Context) error
	Cleanup(context.Context) error
	ShareFile(context.Context, *Container, *Mount) (*SharedFile, error)
	UnshareFile(context.Context, *Container, *Mount) error
	ShareRootFilesystem(context.Context, *Container) (*SharedFile, error)
	UnshareRootFilesystem(context.Context, *Container) error
	StartFileEventWatcher(context.Context) error
	StopFileEventWatcher(context.Context)
}
