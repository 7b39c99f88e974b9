// SPDX-License-Identifier: Apache-2.0

package runtimes

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
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

const podsAtOnce = 5

// killing is for one pod of a node at a time.
var killing sync.Mutex

// pod is one that a runtime has on a node.
type pod struct {
	t       *testing.T
	node    *fssharetest.Node
	guest   *fssharetest.Guest
	shim    *shim
	calls   *Calls
	runtime *Runtime
	fault   fault
	client  *fsshare.Client
	values  map[string]string
	volumes map[string]*fssharetest.Volume
	turn    int
	// Where what is shared is below, in the guest and on the host.
	shareDir, sharedDir string
	// Whether the guest agent has made the emptyDir.
	hasLocal bool
	// By container and the name of the mount: where it is on this machine.
	shared map[string]map[string]string
}

func newPod(t *testing.T, node *fssharetest.Node, guest *fssharetest.Guest, calls *Calls,
	runtime *Runtime, f fault, number int,
) *pod {
	dir := t.TempDir()
	p := &pod{
		t: t, node: node, guest: guest, calls: calls, runtime: runtime, fault: f,
		client:   fsshare.New(node.Socket()),
		shareDir: "/run/kata-containers/shared/containers",
		volumes:  map[string]*fssharetest.Volume{},
		shared:   map[string]map[string]string{},
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
		"RESOLV_CONF":     filepath.Join(dir, "resolv.conf"),
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
	p.must(os.WriteFile(p.values["RESOLV_CONF"], []byte("nameserver ::1\n"), 0o644))
	p.must(os.WriteFile(p.values["TERMINATION_LOG"], nil, 0o666))
	if runtime.Mode == "shared" {
		p.startShim(filepath.Join(dir, "image"))
	}
	return p
}

// startShim lets all containers of the pod have a root filesystem of an image, which
// only the shim sees where the runtime has one for each sandbox.
func (p *pod) startShim(image string) {
	p.t.Helper()
	p.must(os.Mkdir(image, 0o755))
	p.must(os.WriteFile(filepath.Join(image, "init"), []byte("#!"), 0o755))
	p.shim = startShim(p.t, image, p.values["ROOTFS"])
	p.values["NAMESPACE"] = p.shim.proc("ns/mnt")
	if !p.runtime.hasShims() {
		p.values["ROOTFS"] = image
	}
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
		if event.Phase == "guest_start" && p.guest != nil {
			p.guest.StartAgain()
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

// mountsOf are the names of an event's mounts.
func (p *pod) mountsOf(event Event) []string {
	if event.Mounts != nil {
		return event.Mounts
	}
	return p.runtime.Mounts
}

func (p *pod) make(call Call, event Event) {
	p.t.Helper()
	p.values["CONTAINER"] = event.Container
	names := p.mountsOf(event)
	var mounts []string
	for _, name := range names {
		mounts = append(mounts, string(fill(p.calls.Mounts[name], p.values)))
	}
	p.values["MOUNTS"] = "[" + strings.Join(mounts, ",") + "]"
	if call.For != "mounts" {
		p.take(event.Container, names, p.call(call.Method, fill(call.Request, p.values)))
		return
	}
	for i, name := range names {
		mount := struct{ Destination string }{}
		p.must(json.Unmarshal([]byte(mounts[i]), &mount))
		p.values["MOUNT"], p.values["DESTINATION"] = mounts[i], mount.Destination
		reply := p.call(call.Method, fill(call.Request, p.values))
		p.take(event.Container, []string{name}, reply)
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
	if first, second := guestPaths(reply), guestPaths(again); !reflect.DeepEqual(first, second) {
		p.t.Errorf("%s: %v, then %v", method, first, second)
	}
	return again
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
	case "resolv-conf":
		want = "nameserver ::1\n"
	case "termination-log":
	case "rootfs":
		want, at = "#!", filepath.Join(path, "init")
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
	if p.fault.killed {
		killing.Lock()
		p.node.Kill()
		p.node.StartAgain()
		killing.Unlock()
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

// startNode returns one that knows what guest agents of 4.2 are to be like.
func startNode(t *testing.T, runtime *Runtime) *fssharetest.Node {
	const config = `"guest": {"quiet_time": "20ms", "no_implicit_parents_from": "4.2"}`
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

// newGuest returns one that is yet to be started, and none where files are not copied.
func newGuest(t *testing.T, runtime *Runtime, f fault, profile string) *fssharetest.Guest {
	if runtime.Mode != "copy" {
		return nil
	}
	options := append([]string{"--profile", profile}, f.guest...)
	return fssharetest.StoppedGuest(t, options...)
}

func playPod(t *testing.T, node *fssharetest.Node, calls *Calls, runtime *Runtime, f fault,
	profile string, number int,
) {
	t.Run(fmt.Sprint("pod ", number), func(t *testing.T) {
		guest := newGuest(t, runtime, f, profile)
		pod := newPod(t, node, guest, calls, runtime, f, number)
		pod.live()
		if pod.shim != nil {
			if left := pod.shim.mountsBelow(t, node.ShareRoot()); len(left) != 0 {
				t.Errorf("mounts of the shim: %v", left)
			}
		}
		if guest != nil && !f.again && !removesNothing(profile) {
			// An emptyDir is the sandbox's, and ends with its guest.
			for _, entry := range guest.Entries() {
				if !strings.Contains(entry, "cache") && entry != "passthrough" {
					t.Errorf("in the guest: %s", entry)
				}
			}
		}
	})
}
