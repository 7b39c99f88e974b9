// SPDX-License-Identifier: Apache-2.0

package virtcontainers

import (
	"context"
	"errors"
)

// fakeGuest is what a sandbox knows of its guest: the address comes late, as with QEMU.
type fakeGuest struct {
	fsSharing bool
	address   string
}

func (g *fakeGuest) Capabilities(context.Context) capabilities {
	return capabilities{fsSharing: g.fsSharing}
}

func (g *fakeGuest) getAgentURL() (string, error) {
	if g.address == "" {
		return "", errors.New("no address yet")
	}
	return g.address, nil
}

// sandboxOf is one with 2 GiB of memory and a policy.
func sandboxOf(guest *fakeGuest) *Sandbox {
	return &Sandbox{
		id: "pod", hypervisor: guest, agent: guest,
		config:        &SandboxConfig{HypervisorConfig: HypervisorConfig{MemorySize: 2048}},
		guestFeatures: []string{"agent-policy", "seccomp"},
	}
}
