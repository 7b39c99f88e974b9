// SPDX-License-Identifier: Apache-2.0

package fsshare

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"syscall"
	"testing"
	"time"

	"fsshare/clients/go/api"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestTheClientHasEachMethodOfTheService(t *testing.T) {
	services := api.File_fsshare_proto.Services()
	if services.Len() != 1 || string(services.Get(0).FullName()) != service {
		t.Fatalf("the service is not %s", service)
	}
	methods := services.Get(0).Methods()
	client := reflect.TypeOf(&Client{})
	for i := 0; i < methods.Len(); i++ {
		method, has := client.MethodByName(string(methods.Get(i).Name()))
		if !has {
			t.Errorf("the client lacks %s", methods.Get(i).Name())
			continue
		}
		of := fmt.Sprint(method.Type)
		want := fmt.Sprintf("func(*fsshare.Client, context.Context, *api.%s) (*api.%s, error)",
			methods.Get(i).Input().Name(), methods.Get(i).Output().Name())
		if of != want {
			t.Errorf("%s is %s", method.Name, of)
		}
	}
	if methods.Len() < 14 {
		t.Errorf("the service has %d methods", methods.Len())
	}
}

func TestThreeAnswersPass(t *testing.T) {
	passing := map[codes.Code]bool{
		codes.Aborted: true, codes.Unavailable: true, codes.DeadlineExceeded: true,
	}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		failed := errorOf("Check", status.Error(code, "it is so"))
		if failed.passing != passing[code] || failed.Code != code || failed.ofConnection {
			t.Errorf("%s: %+v", code, failed)
		}
	}
}

func TestASocketThatIsNotThereMayComeAndAForbiddenOneDoesNot(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOENT, syscall.ECONNREFUSED, syscall.EAGAIN} {
		if !errorOfDial("Check", fmt.Errorf("dial: %w", errno)).passing {
			t.Errorf("%v stays", errno)
		}
	}
	if errorOfDial("Check", fmt.Errorf("dial: %w", syscall.EACCES)).passing {
		t.Error("EACCES passes")
	}
}

func TestTheEndOfAContextSaysWhatTheLastTryWasTold(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	last := errorOf("ShareFile", status.Error(codes.Unavailable, "open /a: it is so"))
	err := endOfContext(ctx, "ShareFile", last)
	if !errors.Is(err, context.DeadlineExceeded) || status.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
	const want = "ShareFile: Unavailable: not answered in time; " +
		"the last try: ShareFile: Unavailable: open /a: it is so"
	if err.Error() != want {
		t.Error(err)
	}
	if silent := endOfContext(ctx, "Check", nil); silent.Code != codes.DeadlineExceeded {
		t.Error(silent)
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := endOfContext(canceled, "Check", last); err.Code != codes.Canceled ||
		!errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestPausesDoubleUpToASecond(t *testing.T) {
	pace := newPace()
	for _, want := range []int64{20, 40, 80, 160, 320, 640, 1000, 1000} {
		if got := pace.next(0).Milliseconds(); got != want {
			t.Errorf("%d ms, not %d", got, want)
		}
	}
	if got := newPace().next(1); got != 10*time.Millisecond {
		t.Errorf("cut to %v", got)
	}
}

func share(container, destination string) effect {
	return effectOf(&api.ShareFileRequest{
		SandboxId: "s", ContainerId: container, Mount: &api.Mount{Destination: destination},
	})
}

func TestWhatEndsAShareEndsItsRetries(t *testing.T) {
	unshare := func(container, destination string) effect {
		return effectOf(&api.UnshareFileRequest{
			SandboxId: "s", ContainerId: container, Destination: destination,
		})
	}
	unshareContainer := func(id string) effect {
		return effectOf(&api.UnshareContainerRequest{SandboxId: "s", ContainerId: id})
	}
	cleanup := func(id string) effect {
		return effectOf(&api.CleanupRequest{SandboxId: id})
	}
	rootfs := effectOf(&api.UnshareRootFilesystemRequest{SandboxId: "s", ContainerId: "c"})
	cases := []struct {
		name  string
		other effect
		ends  bool
	}{
		{"itself", unshare("c", "/d"), true},
		{"its container", unshareContainer("c"), true},
		{"its sandbox", cleanup("s"), true},
		{"another destination", unshare("c", "/e"), false},
		{"another container's", unshare("b", "/d"), false},
		{"another container", unshareContainer("b"), false},
		{"another sandbox", cleanup("t"), false},
		{"the root filesystem", rootfs, false},
		{"a second share", share("c", "/d"), false},
	}
	for _, c := range cases {
		var m making
		call := m.enter(share("c", "/d"))
		m.enter(c.other).leave()
		if call.isEnded() != c.ends {
			t.Errorf("%s: %v", c.name, call.isEnded())
		}
		call.leave()
		if len(m.calls) != 0 {
			t.Errorf("%s: %d calls are kept", c.name, len(m.calls))
		}
	}
}

func TestWhatIsMadeAfterTheEndIsNotEnded(t *testing.T) {
	var m making
	m.enter(effectOf(&api.CleanupRequest{SandboxId: "s"})).leave()
	if m.enter(share("c", "/d")).isEnded() {
		t.Error("it is ended")
	}
}
