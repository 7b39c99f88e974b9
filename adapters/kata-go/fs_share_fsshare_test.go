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

	"fsshare/clients/go/fssharetest"
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

// otherSharer notes its calls.
type otherSharer struct {
	calls []string
}

func (o *otherSharer) note(call string) error {
	o.calls = append(o.calls, call)
	return nil
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
	sharer := withFsshare(&Sandbox{"pod", known, known}, other, node.Socket())
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
	known := &fakeGuest{}
	sharer := withFsshare(&Sandbox{"pod", known, known}, &otherSharer{}, node.Socket())
	must(t, sharer.UnshareRootFilesystem(ctx, &Container{id: "web"}))
	must(t, sharer.Cleanup(ctx))
}

func TestContainersAndSandboxesEndAfterARestartOfFsshare(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	ctx := patient(t)
	known := &fakeGuest{address: guest.Address()}
	sandbox := &Sandbox{"pod", known, known}
	sharer := withFsshare(sandbox, &otherSharer{}, node.Socket())
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
	_, err = withFsshare(sandbox, &otherSharer{}, node.Socket()).ShareFile(ctx, container, mount)
	must(t, err)
}

func TestWhatCannotBeCopiedIsNoFile(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	known := &fakeGuest{address: guest.Address()}
	sharer := withFsshare(&Sandbox{"pod", known, known}, &otherSharer{}, node.Socket())
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
	sharer := withFsshare(&Sandbox{"pod", known, known}, &otherSharer{}, node.Socket())
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

func TestASandboxThatSharesAFilesystemIsTheOtherSharers(t *testing.T) {
	known := &fakeGuest{fsSharing: true}
	other := &otherSharer{}
	sharer := withFsshare(&Sandbox{"pod", known, known}, other, "/nobody/listens")
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
