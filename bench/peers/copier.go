// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/containerd/ttrpc"
)

const (
	chunkBytes     = 1 << 20
	requestTimeout = 60 * time.Second
	// What goes over the wire for directories of 0750.
	parentMode = 0x800001e8
)

// copyFileRequest is grpc.CopyFileRequest of the guest agent.
type copyFileRequest struct {
	Path     string `protobuf:"bytes,1,opt,name=path,proto3" json:"path,omitempty"`
	FileSize int64  `protobuf:"varint,2,opt,name=file_size,proto3" json:"file_size,omitempty"`
	FileMode uint32 `protobuf:"varint,3,opt,name=file_mode,proto3" json:"file_mode,omitempty"`
	DirMode  uint32 `protobuf:"varint,4,opt,name=dir_mode,proto3" json:"dir_mode,omitempty"`
	Uid      int32  `protobuf:"varint,5,opt,name=uid,proto3" json:"uid,omitempty"`
	Gid      int32  `protobuf:"varint,6,opt,name=gid,proto3" json:"gid,omitempty"`
	Offset   int64  `protobuf:"varint,7,opt,name=offset,proto3" json:"offset,omitempty"`
	Data     []byte `protobuf:"bytes,8,opt,name=data,proto3" json:"data,omitempty"`
}

func (r *copyFileRequest) Reset()         { *r = copyFileRequest{} }
func (r *copyFileRequest) String() string { return r.Path }
func (*copyFileRequest) ProtoMessage()    {}

// empty is google.protobuf.Empty.
type empty struct{}

func (*empty) Reset()         {}
func (*empty) String() string { return "" }
func (*empty) ProtoMessage()  {}

// copier sends what lies on the host to a guest agent, one request after the
// other.
type copier struct {
	client      *ttrpc.Client
	rendersJSON bool
	// So that what is rendered is not optimised away.
	rendered int
}

func (c *copier) send(r *copyFileRequest) error {
	if c.rendersJSON {
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		c.rendered += len(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	return c.client.Call(ctx, "grpc.AgentService", "CopyFile", r, &empty{})
}

func (c *copier) sendChunks(r *copyFileRequest, content []byte) error {
	for {
		n := len(content)
		if n > chunkBytes {
			n = chunkBytes
		}
		r.Data = content[:n]
		if err := c.send(r); err != nil {
			return err
		}
		content = content[n:]
		r.Offset += int64(n)
		if len(content) == 0 {
			return nil
		}
	}
}

// copy sends one file, directory or symbolic link.
func (c *copier) copy(source, destination string) error {
	var st syscall.Stat_t
	if err := syscall.Lstat(source, &st); err != nil {
		return fmt.Errorf("lstat %s: %w", source, err)
	}
	r := &copyFileRequest{
		Path: destination, FileMode: st.Mode, DirMode: parentMode,
		Uid: int32(st.Uid), Gid: int32(st.Gid),
	}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		content, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		r.FileSize = int64(len(content))
		return c.sendChunks(r, content)
	case syscall.S_IFLNK:
		target, err := os.Readlink(source)
		if err != nil {
			return err
		}
		r.Data = []byte(target)
	case syscall.S_IFDIR:
	default:
		return fmt.Errorf("%s is neither file, directory nor link", source)
	}
	return c.send(r)
}
