// SPDX-License-Identifier: Apache-2.0

package fsshare_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	fsshare "fsshare/clients/go"
	"fsshare/clients/go/api"
	"fsshare/clients/go/fssharetest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const sandbox = "sandbox"

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), fssharetest.Patience)
	t.Cleanup(cancel)
	return ctx
}

func newClient(t *testing.T, node *fssharetest.Node, options ...fsshare.Option) *fsshare.Client {
	client := fsshare.New(node.Socket(), options...)
	t.Cleanup(func() { client.Close() })
	return client
}

func prepare(t *testing.T, client *fsshare.Client, guest *fssharetest.Guest) {
	t.Helper()
	_, err := client.Prepare(patient(t), &api.PrepareRequest{
		SandboxId: sandbox,
		Mode:      api.SharingMode_SHARING_MODE_COPY,
		Guest:     &api.Guest{Address: guest.Address()},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func shareOf(container, source, destination string) *api.ShareFileRequest {
	return &api.ShareFileRequest{
		SandboxId:   sandbox,
		ContainerId: container,
		Mount: &api.Mount{
			Source: source, Destination: destination, Type: "bind",
			Options: []string{"rbind", "ro"}, ReadOnly: true,
		},
	}
}

func unshareContainer(t *testing.T, client *fsshare.Client, id string) *api.UnshareContainerReply {
	t.Helper()
	reply, err := client.UnshareContainer(patient(t), &api.UnshareContainerRequest{
		SandboxId: sandbox, ContainerId: id,
	})
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func shares(t *testing.T, client *fsshare.Client) uint64 {
	t.Helper()
	reply, err := client.GetSandbox(patient(t), &api.GetSandboxRequest{SandboxId: sandbox})
	if err != nil {
		t.Fatal(err)
	}
	return reply.Sandbox.Shares
}

// check returns what a Check failed with.
func check(ctx context.Context, client *fsshare.Client) error {
	reply, err := client.Check(ctx, &api.CheckRequest{})
	if err == nil && reply.Status != api.CheckReply_SERVING {
		return fmt.Errorf("it is %s", reply.Status)
	}
	return err
}

func contents(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestAVolumeFollowsTenRotationsUntilItIsUnshared(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	volume := fssharetest.NewVolume(t, "configmap", "settings", fssharetest.Keys{"level": "0"})
	client := newClient(t, node)
	prepare(t, client, guest)

	shared, err := client.ShareFile(patient(t), shareOf("web", volume.Path, "/etc/settings"))
	if err != nil {
		t.Fatal(err)
	}
	if shared.Ignored || shared.Generation != volume.Generation() {
		t.Fatalf("%+v", shared)
	}
	level := filepath.Join(guest.At(shared.GuestPath), "level")
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
	if ended := unshareContainer(t, client, "web"); len(ended.Pending) != 0 {
		t.Error(ended.Pending)
	}
	if left := guest.Entries(); len(left) != 0 {
		t.Error(left)
	}
	if _, err := client.Cleanup(patient(t), &api.CleanupRequest{SandboxId: sandbox}); err != nil {
		t.Fatal(err)
	}
	all, err := client.ListSandboxes(patient(t), &api.ListSandboxesRequest{})
	if err != nil || len(all.Sandboxes) != 0 {
		t.Errorf("%v %v", all, err)
	}
}

func TestWhatIsSharedIsSeenBelowTheExportedDirectoryUntilCleanup(t *testing.T) {
	node := fssharetest.StartNodeWithMounts(t, "")
	source := t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "page"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, node)

	prepared, err := client.Prepare(patient(t), &api.PrepareRequest{
		SandboxId: sandbox, Mode: api.SharingMode_SHARING_MODE_SHARED_FILESYSTEM,
	})
	if err != nil {
		t.Fatal(err)
	}
	shared, err := client.ShareFile(patient(t), shareOf("web", source, "/srv"))
	if err != nil {
		t.Fatal(err)
	}
	exported := node.Sees(filepath.Join(prepared.SharedDir, filepath.Base(shared.GuestPath)))
	if got := contents(filepath.Join(exported, "page")); got != "hello" {
		t.Error(got)
	}
	if err := os.WriteFile(filepath.Join(exported, "new"), nil, 0o644); !errors.Is(err, syscall.EROFS) {
		t.Error(err)
	}
	if len(node.Mounts()) == 0 {
		t.Error("nothing is mounted")
	}
	left, err := client.Cleanup(patient(t), &api.CleanupRequest{SandboxId: sandbox})
	if err != nil || len(left.Foreign) != 0 {
		t.Errorf("%v %v", left, err)
	}
	if mounts := node.Mounts(); len(mounts) != 0 {
		t.Error(mounts)
	}
}

func TestWhatIsRefusedIsSaidAtOnceAndInItsWords(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t)
	volume := fssharetest.NewVolume(t, "secret", "keys", fssharetest.Keys{"key": "x"})
	other := fssharetest.NewVolume(t, "secret", "keys", fssharetest.Keys{"key": "y"})
	client := newClient(t, node)
	refuse := func(request *api.ShareFileRequest, code codes.Code, words string) {
		t.Helper()
		// It would be waited for if it was tried again.
		_, err := client.ShareFile(patient(t), request)
		if status.Code(err) != code || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		} else if !strings.Contains(err.Error(), words) {
			t.Errorf("%v", err)
		}
	}

	refuse(shareOf("web", volume.Path, "/keys"), codes.NotFound, sandbox)
	prepare(t, client, guest)
	refuse(shareOf("web", "a/b", "/keys"), codes.InvalidArgument, "'a/b'")
	if _, err := client.ShareFile(patient(t), shareOf("web", volume.Path, "/keys")); err != nil {
		t.Fatal(err)
	}
	refuse(shareOf("web", other.Path, "/keys"), codes.AlreadyExists, other.Path)
}

func TestARequestThatNoFrameHoldsIsRefusedAndCostsNoConnection(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	client := newClient(t, node)
	_, err := client.Check(patient(t), &api.CheckRequest{SandboxId: strings.Repeat("x", 5<<20)})
	if status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
	if err := check(patient(t), client); err != nil {
		t.Error(err)
	}
}

func TestACallWaitsForANodeAgentThatIsYetToStart(t *testing.T) {
	node := fssharetest.StoppedNode(t, "")
	client := newClient(t, node)
	done := make(chan error, 1)
	go func() { done <- check(patient(t), client) }()

	time.Sleep(50 * time.Millisecond)
	select {
	case err := <-done:
		t.Fatalf("it is answered: %v", err)
	default:
	}
	node.Launch()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCallsGoOnAfterARestartOfTheNodeAgent(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	client := newClient(t, node)
	if err := check(patient(t), client); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 3; i++ {
		node.Kill()
		done := make(chan error)
		for call := 0; call < 8; call++ {
			go func() { done <- check(patient(t), client) }()
		}
		node.StartAgain()
		for call := 0; call < 8; call++ {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
}

// deadThenAlive listens at a socket whose first connection is never answered; the
// others are the node agent's.
func deadThenAlive(t *testing.T, node *fssharetest.Node) string {
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for first := true; ; first = false {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			if !first {
				pass(conn, node.Socket())
			}
		}
	}()
	return socket
}

func pass(conn net.Conn, socket string) {
	to, err := net.Dial("unix", socket)
	if err != nil {
		conn.Close()
		return
	}
	go func() { _, _ = io.Copy(to, conn); to.Close() }()
	go func() { _, _ = io.Copy(conn, to); conn.Close() }()
}

func TestAConnectionThatIsSilentIsReplaced(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	socket := deadThenAlive(t, node)
	client := fsshare.New(socket, fsshare.WithAttempt(100*time.Millisecond))
	defer client.Close()
	if err := check(patient(t), client); err != nil {
		t.Error(err)
	}
}

func TestAShareIsTriedAgainUntilTheGuestIsThere(t *testing.T) {
	node := fssharetest.StartNode(t, `"guest": {"dial_timeout": "100ms"}`)
	guest := fssharetest.StoppedGuest(t)
	volume := fssharetest.NewVolume(t, "configmap", "settings", fssharetest.Keys{"level": "0"})
	client := newClient(t, node)
	prepare(t, client, guest)
	request := shareOf("web", volume.Path, "/etc/settings")

	short, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := client.ShareFile(short, request)
	if !errors.Is(err, context.DeadlineExceeded) || status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}

	done := make(chan error, 1)
	var shared *api.ShareFileReply
	go func() {
		var err error
		shared, err = client.ShareFile(patient(t), request)
		done <- err
	}()
	guest.StartAgain()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := contents(filepath.Join(guest.At(shared.GuestPath), "level")); got != "0" {
		t.Error(got)
	}
}

func TestAShareThatIsEndedWhileItIsMadeIsNotMadeAgain(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t, "--delay", "300ms")
	volume := fssharetest.NewVolume(t, "configmap", "settings", fssharetest.Keys{"level": "0"})
	client := newClient(t, node)
	prepare(t, client, guest)

	done := make(chan error, 1)
	go func() {
		_, err := client.ShareFile(patient(t), shareOf("web", volume.Path, "/etc/settings"))
		done <- err
	}()
	fssharetest.Eventually(t, "the share is begun", func() bool { return shares(t, client) > 0 })
	unshareContainer(t, client, "web")

	if err := <-done; status.Code(err) != codes.Aborted || errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if left := shares(t, client); left != 0 {
		t.Errorf("%d shares", left)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	client := newClient(t, node)
	if err := check(patient(t), client); err != nil {
		t.Fatal(err)
	}
	node.Pause()
	defer node.GoOn()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- check(ctx, client) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || status.Code(err) != codes.Canceled {
		t.Error(err)
	}
}

func TestAClosedClientMakesNoCalls(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	client := newClient(t, node)
	if err := check(patient(t), client); err != nil {
		t.Fatal(err)
	}
	client.Close()
	if err := check(patient(t), client); status.Code(err) != codes.Canceled {
		t.Error(err)
	}
}

func TestOneConnectionCarriesManyCalls(t *testing.T) {
	node := fssharetest.StartNode(t, "")
	guest := fssharetest.StartGuest(t, "--delay", "5ms")
	volume := fssharetest.NewVolume(t, "configmap", "settings", fssharetest.Keys{"level": "0"})
	client := newClient(t, node)
	prepare(t, client, guest)

	var mu sync.Mutex
	var wg sync.WaitGroup
	paths := map[string]bool{}
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			request := shareOf(fmt.Sprintf("c%d", i), volume.Path, "/etc/settings")
			reply, err := client.ShareFile(patient(t), request)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			paths[reply.GuestPath] = true
		}(i)
	}
	wg.Wait()
	if len(paths) != 50 || shares(t, client) != 50 {
		t.Errorf("%d paths, %d shares", len(paths), shares(t, client))
	}
}
