// SPDX-License-Identifier: Apache-2.0

package fsshare

import (
	"context"

	"github.com/containerd/ttrpc"
)

// ttrpc before 1.2 marshals messages of one protobuf module, later ones those of
// another. The messages of this package are marshalled before ttrpc sees them, so
// that it works with either: ttrpc is given an empty message of its own, and the
// bytes take its place.
type payloads struct {
	request, reply []byte
}

type payloadsKey struct{}

func withPayloads(ctx context.Context, bytes *payloads) context.Context {
	return context.WithValue(ctx, payloadsKey{}, bytes)
}

func passPayloads(ctx context.Context, request *ttrpc.Request, response *ttrpc.Response,
	_ *ttrpc.UnaryClientInfo, invoke ttrpc.Invoker,
) error {
	bytes := ctx.Value(payloadsKey{}).(*payloads)
	request.Payload = bytes.request
	if err := invoke(ctx, request, response); err != nil {
		return err
	}
	bytes.reply, response.Payload = response.Payload, nil
	return nil
}
