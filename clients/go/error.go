// SPDX-License-Identifier: Apache-2.0

package fsshare

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is why a call has no reply. status.Code and status.FromError understand it.
type Error struct {
	Method string
	// Code is fsshare's own, also where the context ended later; Unavailable where
	// it could not be reached.
	Code codes.Code
	// Message is one sentence that names what was tried on what.
	Message string

	// Set where the context ended.
	ended error
	// Whether the same request may be answered otherwise a moment later.
	passing bool
	// Whether the connection is of no use any more.
	ofConnection bool
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Method, e.Code, e.Message)
}

// Unwrap returns context.DeadlineExceeded or context.Canceled where the context
// ended the call.
func (e *Error) Unwrap() error {
	return e.ended
}

// GRPCStatus has the code and the sentence.
func (e *Error) GRPCStatus() *status.Status {
	return status.New(e.Code, e.Message)
}

func cannotBeSent(method, reason string) *Error {
	return &Error{
		Method:  method,
		Code:    codes.InvalidArgument,
		Message: "the request cannot be sent: " + reason,
	}
}

// errorOf takes what ttrpc's client returned. What is no status of fsshare is the
// connection's.
func errorOf(method string, err error) *Error {
	var ours interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &ours) {
		return &Error{
			Method: method, Code: codes.Unavailable, Message: err.Error(),
			passing: true, ofConnection: true,
		}
	}
	s := ours.GRPCStatus()
	return &Error{
		Method: method, Code: s.Code(), Message: s.Message(), passing: isPassing(s.Code()),
	}
}

func isPassing(code codes.Code) bool {
	switch code {
	case codes.Aborted, codes.Unavailable, codes.DeadlineExceeded:
		return true
	}
	return false
}

// errorOfDial tells a socket that is not there yet, gone for a restart, or too busy
// from one whose permissions forbid it.
func errorOfDial(method string, err error) *Error {
	passing := errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EAGAIN) ||
		errors.Is(err, context.DeadlineExceeded)
	return &Error{
		Method: method, Code: codes.Unavailable, Message: err.Error(), passing: passing,
	}
}

// endOfContext says that the context has ended, and what the last try that had an
// answer was told.
func endOfContext(ctx context.Context, method string, last *Error) *Error {
	ended := &Error{Method: method, Code: codes.DeadlineExceeded, ended: ctx.Err()}
	ended.Message = "not answered in time"
	if errors.Is(ctx.Err(), context.Canceled) {
		ended.Code = codes.Canceled
		ended.Message = "canceled by the caller"
	}
	if last == nil {
		return ended
	}
	if ended.Code == codes.DeadlineExceeded {
		ended.Code = last.Code
	}
	ended.Message += "; the last try: " + last.Error()
	return ended
}
