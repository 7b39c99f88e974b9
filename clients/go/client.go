// SPDX-License-Identifier: Apache-2.0

package fsshare

import (
	"context"
	"fmt"
	"math/rand"
	"net"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

const (
	service = "fsshare.v1.FilesystemShare"

	// DefaultDeadline is how long a call waits whose context has no deadline. A
	// copy of many gigabytes takes longer than that.
	DefaultDeadline = 60 * time.Second

	// DefaultAttempt is how long one try of a call waits. Then the request is sent
	// again over a new connection, in case the old one died without a word; what
	// the first one began goes on meanwhile.
	DefaultAttempt = 20 * time.Second

	// What a frame of ttrpc holds, less what it says beside the request.
	maxRequest = 4<<20 - 1024
)

// Client calls the fsshared that listens at a socket. It connects when it is first
// called, and anew when the connection ends. Any number of calls may be made at
// once.
type Client struct {
	socket  string
	attempt time.Duration
	making  making

	mu         sync.Mutex
	connection *ttrpc.Client
	closed     bool
}

// Option changes how a Client works.
type Option func(*Client)

// WithAttempt sets how long one try of a call waits instead of DefaultAttempt.
func WithAttempt(limit time.Duration) Option {
	return func(c *Client) { c.attempt = limit }
}

// New returns a client. Nothing is connected yet, and nothing can fail.
func New(socket string, options ...Option) *Client {
	c := &Client{socket: socket, attempt: DefaultAttempt}
	for _, option := range options {
		option(c)
	}
	return c
}

// Close ends the connection. Calls that are not answered yet, and later ones, fail.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.connection == nil {
		return nil
	}
	connection := c.connection
	c.connection = nil
	return connection.Close()
}

// call tries again and again until there is a reply, an error that stays, or the
// context ends.
func (c *Client) call(ctx context.Context, method string, request, reply proto.Message) error {
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultDeadline)
		defer cancel()
	}
	payload, err := proto.Marshal(request)
	if err != nil {
		return cannotBeSent(method, err.Error())
	}
	if len(payload) > maxRequest {
		return cannotBeSent(method, "it exceeds a frame of 4 MiB")
	}
	entry := c.making.enter(effectOf(request))
	defer entry.leave()
	var last *Error
	pause := newPace()
	for {
		answer, failed := c.tryOnce(ctx, method, payload)
		if failed == nil {
			return unmarshalReply(method, answer, reply)
		}
		if ctx.Err() != nil {
			return endOfContext(ctx, method, last)
		}
		if !failed.passing || entry.isEnded() {
			return failed
		}
		last = failed
		if err := sleep(ctx, pause.next(rand.Float64())); err != nil {
			return endOfContext(ctx, method, last)
		}
		if entry.isEnded() {
			return failed
		}
	}
}

func unmarshalReply(method string, answer []byte, reply proto.Message) error {
	if err := proto.Unmarshal(answer, reply); err != nil {
		return &Error{
			Method:  method,
			Code:    codes.Internal,
			Message: fmt.Sprintf("the reply cannot be read: %v", err),
		}
	}
	return nil
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) tryOnce(ctx context.Context, method string, payload []byte) ([]byte, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.attempt)
	defer cancel()
	connection, failed := c.connected(ctx, method)
	if failed != nil {
		return nil, failed
	}
	bytes := &payloads{request: payload}
	err := connection.Call(withPayloads(ctx, bytes), service, method, &ttrpc.Request{}, &ttrpc.Response{})
	if err == nil {
		return bytes.reply, nil
	}
	failed = errorOf(method, err)
	if failed.ofConnection {
		c.drop(connection)
	}
	return nil, failed
}

// connected returns the connection that all calls share, made where there is none.
func (c *Client) connected(ctx context.Context, method string) (*ttrpc.Client, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &Error{Method: method, Code: codes.Canceled, Message: "the client is closed"}
	}
	if c.connection != nil {
		return c.connection, nil
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", c.socket)
	if err != nil {
		return nil, errorOfDial(method, err)
	}
	c.connection = ttrpc.NewClient(conn, ttrpc.WithUnaryClientInterceptor(passPayloads))
	return c.connection, nil
}

// drop gives up a connection, unless it has been replaced. Other calls that wait
// for answers over it send their requests again.
func (c *Client) drop(connection *ttrpc.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.connection == connection {
		c.connection = nil
	}
	connection.Close()
}
