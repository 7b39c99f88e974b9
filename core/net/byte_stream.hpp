// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/net/guest_address.hpp"
#include "core/result.hpp"

#include <functional>
#include <memory>

namespace fsshare {

/// Bytes that a stream handed on, and a share of its credit: the stream counts
/// them as not consumed until the last copy of `credit` is gone, and reads no
/// more from its peer while too many are.
struct received_bytes {
  bytes data;
  /// Null for bytes that nobody counts.
  std::shared_ptr<const void> credit = {};

  /// For a handler that consumes them before it returns.
  operator const bytes&() const { // NOLINT(google-explicit-constructor)
    return data;
  }
};

/// A connected, ordered, reliable stream of bytes. All functions may be called
/// from any thread. Dropping the last reference closes it.
class byte_stream {
public:
  struct handlers {
    /// Gets what has arrived, in order, in chunks of any size. Whoever queues
    /// it, queues it with its credit.
    std::function<void(received_bytes)> received;
    /// Called once, after the last `received`, when the peer or a failure ended
    /// the stream; never after close().
    std::function<void(error)> closed;
  };

  virtual ~byte_stream() = default;

  /// Begins to deliver; called once. Handlers run in the thread of the loop and
  /// must not block.
  virtual void start(handlers on) = 0;

  /// Sends `data` after all earlier data, without blocking: what the socket
  /// does not take now is kept and sent later. Ignored once closed.
  virtual void send(bytes data) = 0;

  /// Returns how many bytes were given to send() and not yet to the socket.
  virtual std::size_t unsent() const = 0;

  /// Ends the stream; no handler begins afterwards. Idempotent.
  virtual void close() = 0;
};

using byte_stream_ptr = std::shared_ptr<byte_stream>;

/// Opens connections. The seam between GUEST PROXY and real sockets.
class dialer {
public:
  using done = std::function<void(result<byte_stream_ptr>)>;

  virtual ~dialer() = default;

  /// Connects once (for hybrid vsock: with its handshake, 10 s at most) and
  /// calls `then` exactly once, from any thread, perhaps before returning.
  /// Failure is `errc::unavailable` and names the address.
  virtual void dial(const guest_address& address, done then) = 0;
};

} // namespace fsshare
