// SPDX-License-Identifier: Apache-2.0

package runtimes

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	fsshare "fsshare/clients/go"
	"fsshare/clients/go/api"
	"fsshare/clients/go/fssharetest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// fault is what goes wrong while a pod lives.
type fault struct {
	name string
	// Each call is made again by another client, as by a shim that died before it
	// had the answer.
	twice bool
	// A call that the guest failed is made again, as by the kubelet. What could not be
	// removed may be left in the guest then.
	again bool
	// Options of the guest.
	guest []string
}

var faults = []fault{
	{name: "without faults"},
	{name: "each call twice", twice: true},
	{name: "a connection is lost", guest: []string{"--drop-after", "7"}},
	{name: "requests fail", again: true, guest: []string{"--fail-every", "9"}},
}

var profiles = []string{"3.3", "3.18", "4.0"}

// removesNothing tells of guest agents up to 3.17.
func removesNothing(profile string) bool {
	return profile == "3.3"
}

const podsAtOnce = 5

// pod is one that a runtime has on a node.
type pod struct {
	t       *testing.T
	node    *fssharetest.Node
	guest   *fssharetest.Guest
	calls   *Calls
	runtime *Runtime
	fault   fault
	client  *fsshare.Client
	values  map[string]string
	volumes map[string]*fssharetest.Volume
	turn    int
	// By container and the name of the mount: where it is on this machine.
	shared map[string]map[string]string
	root   string
}

func newPod(t *testing.T, node *fssharetest.Node, guest *fssharetest.Guest, calls *Calls,
	runtime *Runtime, f fault, number int,
) *pod {
	dir := t.TempDir()
	p := &pod{
		t: t, node: node, guest: guest, calls: calls, runtime: runtime, fault: f,
		client:  fsshare.New(node.Socket()),
		volumes: map[string]*fssharetest.Volume{},
		shared:  map[string]map[string]string{},
	}
	t.Cleanup(func() { p.client.Close() })
	keys := fssharetest.Keys{"key": "0"}
	p.volumes["settings"] = fssharetest.NewVolume(t, "configmap", "settings", keys)
	p.volumes["token"] = fssharetest.NewVolume(t, "projected", "kube-api-access", keys)
	p.values = map[string]string{
		"SANDBOX":         fmt.Sprintf("pod-%d", number),
		"SETTINGS":        p.volumes["settings"].Path,
		"TOKEN":           p.volumes["token"].Path,
		"HOSTS":           filepath.Join(dir, "etc-hosts"),
		"TERMINATION_LOG": filepath.Join(dir, "4f8e"),
		"EMPTY_DIR":       filepath.Join(dir, "pods/6fa1/volumes/kubernetes.io~empty-dir/cache"),
		"ROOTFS":          filepath.Join(dir, "rootfs"),
	}
	if guest != nil {
		p.values["GUEST"] = guest.Address()
	}
	p.must(os.MkdirAll(p.values["EMPTY_DIR"], 0o777))
	p.must(os.MkdirAll(p.values["ROOTFS"], 0o755))
	p.must(os.WriteFile(p.values["HOSTS"], []byte("127.0.0.1 localhost\n"), 0o644))
	p.must(os.WriteFile(p.values["TERMINATION_LOG"], nil, 0o666))
	p.must(os.WriteFile(filepath.Join(p.values["ROOTFS"], "init"), []byte("#!"), 0o755))
	return p
}

func (p *pod) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pod) live() {
	p.play(p.calls.Life)
}

func (p *pod) play(life []Event) {
	for _, event := range life {
		if event.Phase == "rotate" {
			p.rotate()
			continue
		}
		calls, err := p.runtime.phase(event.Phase)
		p.must(err)
		for _, call := range calls {
			p.make(call, event)
		}
		if strings.HasSuffix(event.Phase, "_end") {
			delete(p.shared, event.Container)
		}
		p.look()
	}
}

func (p *pod) make(call Call, event Event) {
	p.t.Helper()
	p.values["CONTAINER"] = event.Container
	if call.For != "mounts" {
		delete(p.values, "MOUNT")
		p.call(call.Method, fill(call.Request, p.values))
		return
	}
	for _, name := range p.runtime.Mounts {
		p.values["MOUNT"] = string(fill(p.calls.Mounts[name], p.values))
		mount := struct{ Destination string }{}
		p.must(json.Unmarshal([]byte(p.values["MOUNT"]), &mount))
		p.values["DESTINATION"] = mount.Destination
		reply := p.call(call.Method, fill(call.Request, p.values))
		if shared, is := reply.(*api.ShareFileReply); is {
			p.keep(event.Container, name, shared)
		}
	}
}

// call returns the answer. The same request again has to have the same one.
func (p *pod) call(method string, request []byte) proto.Message {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), fssharetest.Patience)
	defer cancel()
	reply, err := play(ctx, p.client, method, request)
	for p.fault.again && status.Code(err) == codes.Internal && ctx.Err() == nil {
		reply, err = play(ctx, p.client, method, request)
	}
	p.must(err)
	if cleaned, is := reply.(*api.CleanupReply); is && len(cleaned.Foreign) != 0 {
		p.t.Errorf("%v", cleaned.Foreign)
	}
	if !p.fault.twice {
		return reply
	}
	p.client.Close()
	p.client = fsshare.New(p.node.Socket())
	again, err := play(ctx, p.client, method, request)
	p.must(err)
	shared, is := reply.(*api.ShareFileReply)
	if is && shared.GuestPath != again.(*api.ShareFileReply).GuestPath {
		p.t.Errorf("%s: %v, then %v", method, reply, again)
	}
	return again
}

func (p *pod) keep(container, mount string, reply *api.ShareFileReply) {
	p.t.Helper()
	if reply.Ignored {
		p.t.Fatalf("%s: %s", mount, reply.Reason)
	}
	if p.shared[container] == nil {
		p.shared[container] = map[string]string{}
	}
	if p.runtime.Mode == "copy" {
		p.shared[container][mount] = p.guest.At(reply.GuestPath)
	} else {
		p.shared[container][mount] = p.node.Sees(reply.HostPath)
	}
}

// look compares what each container that lives has with the host.
func (p *pod) look() {
	p.t.Helper()
	for container, mounts := range p.shared {
		for mount, path := range mounts {
			p.lookAt(container, mount, path)
		}
	}
}

func (p *pod) lookAt(container, mount, path string) {
	p.t.Helper()
	want, at := "", path
	switch mount {
	case "hosts":
		want = "127.0.0.1 localhost\n"
	case "termination-log":
	case "cache":
		if entries, err := os.ReadDir(path); err != nil || len(entries) != 0 {
			p.t.Errorf("%s of %s: %v %v", mount, container, entries, err)
		}
		return
	default:
		want, at = fmt.Sprint(p.turn), filepath.Join(path, "key")
	}
	fssharetest.Eventually(p.t, mount+" of "+container+" is "+want, func() bool {
		text, err := os.ReadFile(at)
		return err == nil && string(text) == want
	})
}

func (p *pod) rotate() {
	p.turn++
	for _, volume := range p.volumes {
		volume.Rotate(fssharetest.Keys{"key": fmt.Sprint(p.turn)})
	}
	p.look()
}

// nothingIsLeft looks when all pods of a node are gone.
func nothingIsLeft(t *testing.T, node *fssharetest.Node) {
	t.Helper()
	client := fsshare.New(node.Socket())
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), fssharetest.Patience)
	defer cancel()
	left, err := client.ListSandboxes(ctx, &api.ListSandboxesRequest{})
	if err != nil || len(left.Sandboxes) != 0 {
		t.Errorf("sandboxes: %v %v", left, err)
	}
	volumes, err := client.ListVolumes(ctx, &api.ListVolumesRequest{})
	if err != nil || len(volumes.Volumes) != 0 {
		t.Errorf("volumes: %v %v", volumes, err)
	}
	if mounts := node.Mounts(); len(mounts) != 0 {
		t.Errorf("mounts: %v", mounts)
	}
	if entries, err := os.ReadDir(node.ShareRoot()); err == nil && len(entries) != 0 {
		t.Errorf("below share.root: %v", entries)
	}
}

func startNode(t *testing.T, runtime *Runtime) *fssharetest.Node {
	const config = `"guest": {"quiet_time": "20ms"}`
	if runtime.Mode == "shared" {
		return fssharetest.StartNodeWithMounts(t, config)
	}
	return fssharetest.StartNode(t, config)
}

// playPods lets pods of a runtime live and end on one node, some at a time.
func playPods(t *testing.T, calls *Calls, runtime *Runtime, f fault, profile string, pods int) {
	node := startNode(t, runtime)
	numbers := make(chan int)
	go func() {
		for number := 0; number < pods; number++ {
			numbers <- number
		}
		close(numbers)
	}()
	var wg sync.WaitGroup
	for i := 0; i < podsAtOnce; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for number := range numbers {
				playPod(t, node, calls, runtime, f, profile, number)
			}
		}()
	}
	wg.Wait()
	nothingIsLeft(t, node)
}

// startGuest returns none where files are not copied.
func startGuest(t *testing.T, runtime *Runtime, f fault, profile string) *fssharetest.Guest {
	if runtime.Mode != "copy" {
		return nil
	}
	options := append([]string{"--profile", profile}, f.guest...)
	return fssharetest.StartGuest(t, options...)
}

func playPod(t *testing.T, node *fssharetest.Node, calls *Calls, runtime *Runtime, f fault,
	profile string, number int,
) {
	t.Run(fmt.Sprint("pod ", number), func(t *testing.T) {
		guest := startGuest(t, runtime, f, profile)
		newPod(t, node, guest, calls, runtime, f, number).live()
		if guest != nil && !f.again && !removesNothing(profile) {
			// An emptyDir is the sandbox's, and ends with its guest.
			for _, entry := range guest.Entries() {
				if !strings.Contains(entry, "cache") {
					t.Errorf("in the guest: %s", entry)
				}
			}
		}
	})
}
