// SPDX-License-Identifier: Apache-2.0
// A client of the control API on containerd's ttrpc, with the code that gogo's
// protoc plugin makes of proto/fsshare.proto, as a shim would have it. It makes
// a fixed series of calls and prints a JSON line for each: the call, the code of
// its answer, and the answer or the sentence.
//
//	control_client --socket SOCKET --guest ADDRESS --sandbox ID --calls N
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"sync"
	"time"

	"fsshare/v1"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const service = "fsshare.v1.FilesystemShare"

type line struct {
	Call    string      `json:"call"`
	Code    string      `json:"code"`
	Message string      `json:"message,omitempty"`
	Reply   interface{} `json:"reply,omitempty"`
}

var output = json.NewEncoder(os.Stdout)

func codeOf(err error) string {
	if err == nil {
		return codes.OK.String()
	}
	if s, ok := status.FromError(err); ok {
		return s.Code().String()
	}
	return fmt.Sprintf("not a status: %v", err)
}

// show makes a call and prints what came of it. The label tells calls of one
// method apart.
func show(c *ttrpc.Client, label, method string, in, out interface{}) {
	err := call(c, method, in, out)
	l := line{Call: label, Code: codeOf(err)}
	if err != nil {
		s, _ := status.FromError(err)
		l.Message = s.Message()
	} else {
		l.Reply = out
	}
	if err := output.Encode(l); err != nil {
		log.Fatal(err)
	}
}

func call(c *ttrpc.Client, method string, in, out interface{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return c.Call(ctx, service, method, in, out)
}

// showMany makes n calls at once, of which every third is refused, and prints
// how often each code came.
func showMany(c *ttrpc.Client, n int, prepare *fsshare.PrepareRequest) {
	var wg sync.WaitGroup
	answers := make(chan string, n)
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			switch i % 3 {
			case 0:
				answers <- codeOf(call(c, "ListSandboxes", &fsshare.ListSandboxesRequest{}, &fsshare.ListSandboxesReply{}))
			case 1:
				answers <- codeOf(call(c, "Prepare", prepare, &fsshare.PrepareReply{}))
			default:
				answers <- codeOf(call(c, "Cleanup", &fsshare.CleanupRequest{SandboxId: "a/b"}, &fsshare.CleanupReply{}))
			}
		}(i)
	}
	wg.Wait()
	close(answers)
	counts := map[string]int{}
	for code := range answers {
		counts[code]++
	}
	if err := output.Encode(line{Call: "many", Code: "OK", Reply: counts}); err != nil {
		log.Fatal(err)
	}
}

func main() {
	socket := flag.String("socket", "", "socket of the node agent")
	guest := flag.String("guest", "", "address of the guest agent")
	sandbox := flag.String("sandbox", "", "id of the sandbox to prepare")
	calls := flag.Int("calls", 0, "how many calls to make at once")
	flag.Parse()
	conn, err := net.Dial("unix", *socket)
	if err != nil {
		log.Fatal(err)
	}
	c := ttrpc.NewClient(conn)
	defer c.Close()

	prepare := &fsshare.PrepareRequest{
		SandboxId: *sandbox,
		Mode:      fsshare.SharingMode_SHARING_MODE_COPY,
		Guest:     &fsshare.Guest{Address: *guest},
	}
	noMode := &fsshare.PrepareRequest{SandboxId: *sandbox}
	climbing := &fsshare.ShareFileRequest{
		SandboxId:   *sandbox,
		ContainerId: "c1",
		Mount:       &fsshare.Mount{Source: "/a/../b", Destination: "/d", Type: "bind"},
	}
	get := &fsshare.GetSandboxRequest{SandboxId: *sandbox}

	show(c, "check", "Check", &fsshare.CheckRequest{}, &fsshare.CheckReply{})
	show(c, "version", "Version", &fsshare.VersionRequest{}, &fsshare.VersionReply{})
	show(c, "list none", "ListSandboxes", &fsshare.ListSandboxesRequest{}, &fsshare.ListSandboxesReply{})
	show(c, "prepare bad id", "Prepare", &fsshare.PrepareRequest{SandboxId: "../x"}, &fsshare.PrepareReply{})
	show(c, "prepare no mode", "Prepare", noMode, &fsshare.PrepareReply{})
	show(c, "get unknown", "GetSandbox", get, &fsshare.GetSandboxReply{})
	show(c, "prepare", "Prepare", prepare, &fsshare.PrepareReply{})
	show(c, "prepare again", "Prepare", prepare, &fsshare.PrepareReply{})
	show(c, "share climbing", "ShareFile", climbing, &fsshare.ShareFileReply{})
	show(c, "list one", "ListSandboxes", &fsshare.ListSandboxesRequest{}, &fsshare.ListSandboxesReply{})
	show(c, "get", "GetSandbox", get, &fsshare.GetSandboxReply{})
	show(c, "no such method", "Nonsense", get, &fsshare.GetSandboxReply{})
	showMany(c, *calls, prepare)
	show(c, "cleanup", "Cleanup", &fsshare.CleanupRequest{SandboxId: *sandbox}, &fsshare.CleanupReply{})
	show(c, "cleanup again", "Cleanup", &fsshare.CleanupRequest{SandboxId: *sandbox}, &fsshare.CleanupReply{})
	show(c, "list none again", "ListSandboxes", &fsshare.ListSandboxesRequest{}, &fsshare.ListSandboxesReply{})
}
