// SPDX-License-Identifier: Apache-2.0

package virtcontainers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	fsshare "fsshare/clients/go"
	"fsshare/clients/go/api"
	"fsshare/clients/go/fssharetest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// prepared is the sharer of a sandbox that is, at a node agent.
func prepared(t *testing.T, sandbox *Sandbox, node *fssharetest.Node) FilesystemSharer {
	t.Helper()
	sharer := withFsshare(sandbox, &otherSharer{}, node.Socket())
	must(t, sharer.Prepare(patient(t)))
	return sharer
}

// sandboxes are those that a node agent has.
func sandboxes(t *testing.T, node *fssharetest.Node) []*api.SandboxStatus {
	t.Helper()
	client := fsshare.New(node.Socket())
	defer client.Close()
	reply, err := client.ListSandboxes(patient(t), &api.ListSandboxesRequest{})
	must(t, err)
	return reply.Sandboxes
}

// otherSharer notes its calls.
type otherSharer struct {
	calls []string
	fails error
}

func (o *otherSharer) note(call string) error {
	o.calls = append(o.calls, call)
	return o.fails
}

func (o *otherSharer) Prepare(context.Context) error { return o.note("Prepare") }
func (o *otherSharer) Cleanup(context.Context) error { return o.note("Cleanup") }
func (o *otherSharer) ShareFile(context.Context, *Container, *Mount) (*SharedFile, error) {
	return &SharedFile{guestPath: "/other"}, o.note("ShareFile")
}
func (o *otherSharer) UnshareFile(context.Context, *Container, *Mount) error {
	return o.note("UnshareFile")
}
func (o *otherSharer) ShareRootFilesystem(context.Context, *Container) (*SharedFile, error) {
	return nil, o.note("ShareRootFilesystem")
}
func (o *otherSharer) UnshareRootFilesystem(context.Context, *Container) error {
	return o.note("UnshareRootFilesystem")
}
func (o *otherSharer) StartFileEventWatcher(context.Context) error {
	return o.note("StartFileEventWatcher")
}
func (o *otherSharer) StopFileEventWatcher(context.Context) {
	_ = o.note("StopFileEventWatcher")
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func contents(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), fssharetest.Patience)
	t.Cleanup(cancel)
	return ctx
}

func TestACopyFollowsTenRotationsUntilItsContainerEnds(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	volume := fssharetest.NewVolume(t, "configmap", "settings", fssharetest.Keys{"level": "0"})
	ctx := patient(t)
	known := &fakeGuest{}
	other := &otherSharer{}
	sharer := withFsshare(sandboxOf(known), other, node.Socket())
	container := &Container{id: "web"}
	mount := &Mount{
		Source: volume.Path, Destination: "/etc/settings", Type: "bind",
		Options: []string{"rbind", "ro"}, ReadOnly: true,
	}

	must(t, sharer.Prepare(ctx))
	must(t, sharer.StartFileEventWatcher(ctx))
	known.address = guest.Address()
	_, err := sharer.ShareRootFilesystem(ctx, container)
	must(t, err)
	shared, err := sharer.ShareFile(ctx, container, mount)
	must(t, err)
	if strings.Contains(shared.guestPath, "watchable") {
		t.Error(shared.guestPath)
	}
	level := filepath.Join(guest.At(shared.guestPath), "level")
	if got := contents(level); got != "0" {
		t.Fatal(got)
	}
	for n := 1; n <= 10; n++ {
		value := fmt.Sprint(n)
		volume.Rotate(fssharetest.Keys{"level": value})
		fssharetest.Eventually(t, "the guest has rotation "+value, func() bool {
			return contents(level) == value
		})
	}
	must(t, sharer.UnshareRootFilesystem(ctx, container))
	if left := guest.Entries(); len(left) != 0 {
		t.Error(left)
	}
	sharer.StopFileEventWatcher(ctx)
	must(t, sharer.Cleanup(ctx))
	must(t, sharer.Cleanup(ctx))
	want := []string{"Prepare", "ShareRootFilesystem", "UnshareRootFilesystem", "Cleanup", "Cleanup"}
	if !reflect.DeepEqual(other.calls, want) {
		t.Error(other.calls)
	}
}

func TestAContainerThatSharedNothingEnds(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	ctx := patient(t)
	sharer := prepared(t, sandboxOf(&fakeGuest{}), node)
	must(t, sharer.UnshareRootFilesystem(ctx, &Container{id: "web"}))
	must(t, sharer.Cleanup(ctx))
}

func TestContainersAndSandboxesEndAfterARestartOfFsshare(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	ctx := patient(t)
	known := &fakeGuest{address: guest.Address()}
	sandbox := sandboxOf(known)
	sharer := prepared(t, sandbox, node)
	container := &Container{id: "web"}
	volume := fssharetest.NewVolume(t, "secret", "keys", fssharetest.Keys{"key": "x"})
	mount := &Mount{Source: volume.Path, Destination: "/keys", Type: "bind"}
	_, err := sharer.ShareFile(ctx, container, mount)
	must(t, err)

	node.Kill()
	node.StartAgain()

	must(t, sharer.UnshareRootFilesystem(ctx, container))
	must(t, sharer.Cleanup(ctx))
	must(t, sharer.Cleanup(ctx))
	// Nothing of it is in the way of another one.
	_, err = prepared(t, sandbox, node).ShareFile(ctx, container, mount)
	must(t, err)
}

func TestWhatCannotBeCopiedIsNoFile(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	known := &fakeGuest{address: guest.Address()}
	sharer := prepared(t, sandboxOf(known), node)
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	defer listener.Close()

	shared, err := sharer.ShareFile(patient(t), &Container{id: "web"},
		&Mount{Source: socket, Destination: "/run/socket", Type: "bind"})
	if shared != nil || err != nil {
		t.Errorf("%v %v", shared, err)
	}
}

func TestAnAddressThatIsNotThereIsAnErrorAndAskedForAgain(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	known := &fakeGuest{}
	sharer := prepared(t, sandboxOf(known), node)
	volume := fssharetest.NewVolume(t, "secret", "keys", fssharetest.Keys{"key": "x"})
	mount := &Mount{Source: volume.Path, Destination: "/keys", Type: "bind"}

	_, err := sharer.ShareFile(patient(t), &Container{id: "web"}, mount)
	if err == nil || !strings.Contains(err.Error(), "no address yet") {
		t.Error(err)
	}
	known.address = guest.Address()
	_, err = sharer.ShareFile(patient(t), &Container{id: "web"}, mount)
	must(t, err)
}

func TestTheSandboxIsKnownBeforeItsGuest(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	prepared(t, sandboxOf(&fakeGuest{}), node)
	known := sandboxes(t, node)
	if len(known) != 1 || known[0].GuestAddress != "" {
		t.Errorf("%v", known)
	}
}

func TestWhereTheOtherSharerFailsNothingIsPrepared(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	other := &otherSharer{fails: errors.New("no such directory")}
	sharer := withFsshare(sandboxOf(&fakeGuest{}), other, node.Socket())
	if err := sharer.Prepare(patient(t)); !errors.Is(err, other.fails) {
		t.Error(err)
	}
	if left := sandboxes(t, node); len(left) != 0 {
		t.Errorf("%v", left)
	}
}

func TestCopiesTakeAQuarterOfTheMemoryThatTheGuestHas(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	sandbox := sandboxOf(&fakeGuest{address: guest.Address()})
	sandbox.config.HypervisorConfig.MemorySize = 4
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, make([]byte, 2<<20), 0o644))

	_, err := prepared(t, sandbox, node).ShareFile(patient(t), &Container{id: "web"},
		&Mount{Source: file, Destination: "/file", Type: "bind"})
	if status.Code(err) != codes.ResourceExhausted {
		t.Error(err)
	}
}

func TestAGuestWithoutAPolicyHasOneCopyForAllContainers(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	volume := fssharetest.NewVolume(t, "secret", "keys", fssharetest.Keys{"key": "x"})
	mount := &Mount{Source: volume.Path, Destination: "/keys", Type: "bind"}
	for _, features := range [][]string{nil, {"agent-policy", "seccomp"}, {"seccomp"}} {
		sandbox := sandboxOf(&fakeGuest{address: guest.Address()})
		sandbox.guestFeatures = features
		sharer := prepared(t, sandbox, node)
		paths := map[string]bool{}
		for _, container := range []string{"first", "second"} {
			shared, err := sharer.ShareFile(patient(t), &Container{id: container}, mount)
			must(t, err)
			paths[shared.guestPath] = true
		}
		if one := len(paths) == 1; one != (len(features) == 1) {
			t.Errorf("%v: %v", features, paths)
		}
		must(t, sharer.Cleanup(patient(t)))
	}
}

func TestWhatCouldNotBeToldOfTheGuestIsToldAgain(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	sandbox := sandboxOf(&fakeGuest{address: guest.Address()})
	sharer := withFsshare(sandbox, &otherSharer{}, node.Socket())
	volume := fssharetest.NewVolume(t, "secret", "keys", fssharetest.Keys{"key": "x"})
	mount := &Mount{Source: volume.Path, Destination: "/keys", Type: "bind"}

	_, err := sharer.ShareFile(patient(t), &Container{id: "web"}, mount)
	if status.Code(err) != codes.NotFound {
		t.Error(err)
	}
	must(t, sharer.Prepare(patient(t)))
	_, err = sharer.ShareFile(patient(t), &Container{id: "web"}, mount)
	must(t, err)
}

func TestASandboxThatSharesAFilesystemIsTheOtherSharers(t *testing.T) {
	known := &fakeGuest{fsSharing: true}
	other := &otherSharer{}
	sharer := withFsshare(sandboxOf(known), other, "/nobody/listens")
	ctx := patient(t)
	must(t, sharer.Prepare(ctx))
	shared, err := sharer.ShareFile(ctx, &Container{id: "web"}, &Mount{})
	must(t, err)
	if shared.guestPath != "/other" {
		t.Error(shared)
	}
	must(t, sharer.StartFileEventWatcher(ctx))
	sharer.StopFileEventWatcher(ctx)
	must(t, sharer.UnshareRootFilesystem(ctx, &Container{id: "web"}))
	must(t, sharer.Cleanup(ctx))
	want := []string{
		"Prepare", "ShareFile", "StartFileEventWatcher", "StopFileEventWatcher",
		"UnshareRootFilesystem", "Cleanup",
	}
	if !reflect.DeepEqual(other.calls, want) {
		t.Error(other.calls)
	}
}

func TestWithoutASocketTheOtherSharerStays(t *testing.T) {
	other := &otherSharer{}
	if withFsshare(&Sandbox{}, other, "") != FilesystemSharer(other) {
		t.Error("it is replaced")
	}
}
