// SPDX-License-Identifier: Apache-2.0

// Package fsshare calls fsshare, the node agent that shares filesystems with
// micro-VM sandboxes.
//
//	client := fsshare.New("/run/fsshare/fsshare.sock")
//	defer client.Close()
//	_, err := client.Prepare(ctx, &api.PrepareRequest{
//		SandboxId: id,
//		Mode:      api.SharingMode_SHARING_MODE_COPY,
//		Guest:     &api.Guest{Address: "vsock://3:1024"},
//	})
//
// # Retries
//
// Every request of fsshare may be repeated: the same one again gets the same
// answer, and waits for it where the first still runs. A caller that goes away
// cancels nothing. So a Client sends a request again, with growing pauses, until
// its context ends:
//
//   - on a new connection where the old one ended, or none could be made;
//   - where the answer is ABORTED, UNAVAILABLE or DEADLINE_EXCEEDED.
//
// Any other answer is final. A request that makes something is not sent again
// once the same client was called to take that away.
//
// When the context ends the error says what failed last. The work may still be
// done: who gives up calls what undoes it, as UnshareContainer or Cleanup.
package fsshare
