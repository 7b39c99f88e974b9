// SPDX-License-Identifier: Apache-2.0
// A guest agent on containerd's ttrpc: it answers health checks and writes what
// CopyFile sends. It runs until it is killed.
//
//	guest_agent --listen SOCKET --dir DIRECTORY
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

const shareRoot = "/run/kata-containers/shared/containers"

type agent struct {
	dir string
}

// copyFile writes the data of a request at its offset, as the Kata agent's
// RPC does for regular files. Two names answer failures instead.
func (a *agent) copyFile(p []byte) ([]byte, error) {
	f, err := fields(p)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	path := string(f[1].data)
	switch filepath.Base(path) {
	case "missing":
		return nil, status.Error(codes.NotFound, "there is no "+path)
	case "broken":
		return nil, fmt.Errorf("broken is not a status")
	case "slow":
		time.Sleep(time.Second)
		return nil, nil
	}
	inside, err := filepath.Rel(shareRoot, path)
	if err != nil || inside == ".." || filepath.IsAbs(inside) {
		return nil, status.Error(codes.InvalidArgument, path)
	}
	target := filepath.Join(a.dir, inside)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	if _, err := out.WriteAt(f[8].data, int64(f[7].number)); err != nil {
		return nil, err
	}
	return nil, nil
}

func (a *agent) check(p []byte) ([]byte, error) {
	// HealthCheckResponse{status: SERVING}
	out := protowire.AppendTag(nil, 1, protowire.VarintType)
	return protowire.AppendVarint(out, 1), nil
}

func (a *agent) version(p []byte) ([]byte, error) {
	// VersionCheckResponse{grpc_version, agent_version}
	out := protowire.AppendTag(nil, 1, protowire.BytesType)
	out = protowire.AppendString(out, "0.0.1")
	out = protowire.AppendTag(out, 2, protowire.BytesType)
	return protowire.AppendString(out, "4.1.0"), nil
}

func method(handle func([]byte) ([]byte, error)) ttrpc.Method {
	return func(_ context.Context, unmarshal func(interface{}) error) (interface{}, error) {
		var in rawMessage
		if err := unmarshal(&in); err != nil {
			return nil, err
		}
		out, err := handle(in.data)
		if err != nil {
			return nil, err
		}
		return &rawMessage{data: out}, nil
	}
}

func main() {
	listen := flag.String("listen", "", "path of the socket")
	dir := flag.String("dir", "", "directory for the files")
	flag.Parse()
	server, err := ttrpc.NewServer()
	if err != nil {
		log.Fatal(err)
	}
	a := &agent{dir: *dir}
	server.Register("grpc.AgentService", map[string]ttrpc.Method{
		"CopyFile": method(a.copyFile),
	})
	server.Register("grpc.Health", map[string]ttrpc.Method{
		"Check":   method(a.check),
		"Version": method(a.version),
	})
	socket, err := net.Listen("unix", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	log.Fatal(server.Serve(context.Background(), socket))
}
