// SPDX-License-Identifier: Apache-2.0

package runtimes

// fault is what goes wrong while a pod lives.
type fault struct {
	name string
	// Each call is made again by another client, as by a shim that died before it
	// had the answer.
	twice bool
	// A call that the guest failed is made again, as by the kubelet. What could not be
	// removed may be left in the guest then.
	again bool
	// The node agent is killed, and started again, whenever a volume has rotated.
	killed bool
	// Options of the guest.
	guest []string
}

var faults = []fault{
	{name: "without faults"},
	{name: "each call twice", twice: true},
	{name: "a connection is lost", guest: []string{"--drop-after", "7"}},
	{name: "the node agent is killed", killed: true},
	{name: "requests fail", again: true, guest: []string{"--fail-every", "31"}},
}

// fits tells whether that can go wrong there. Without shims the mounts are in the
// namespace of the test's node agent, and end with it.
func (f *fault) fits(runtime *Runtime) bool {
	if runtime.Mode == "copy" {
		return true
	}
	return f.guest == nil && (!f.killed || runtime.hasShims())
}

var profiles = []string{"3.3", "3.18", "4.0", "4.2"}

// removesNothing tells of guest agents up to 3.17.
func removesNothing(profile string) bool {
	return profile == "3.3"
}
