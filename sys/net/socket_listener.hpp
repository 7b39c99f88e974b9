// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"
#include "core/net/guest_address.hpp"
#include "core/pacing.hpp"
#include "sys/net/descriptor_limit.hpp"
#include "sys/net/io_loop.hpp"
#include "sys/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace fsshare {

/// Who connected (SO_PEERCRED, unix(7)): credentials at the time of connect().
struct peer_credentials {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// 0 for one in a PID namespace that is not seen from here.
  std::int32_t pid = 0;
  /// Of the same process (SO_PEERPIDFD, Linux 6.5); null where there is none.
  std::shared_ptr<const unique_fd> pidfd = nullptr;
};

/// Listens on an address and hands out what connects. For hybrid vsock it
/// plays the hypervisor: a peer must ask for the port of the address, and its
/// connection is handed out after the answer.
class socket_listener {
public:
  struct options {
    /// Permission bits of the socket file.
    unsigned mode = 0600;
    /// Owner of the socket file, if another than this process.
    std::optional<std::uint32_t> owner = std::nullopt;
    /// For the handshake of a hybrid vsock.
    std::chrono::milliseconds handshake_limit = pacing::handshake;
    /// Told when descriptors are few; then a connection is still handed out,
    /// so that its owner can end another one instead. With almost none left it
    /// is sent `farewell` and closed.
    std::shared_ptr<descriptor_gauge> gauge = {};
    bytes farewell = {};
  };

  /// Gets each connection, not yet started, in the thread of the loop.
  /// Credentials are unknown for vsock.
  using accepted
    = std::function<void(byte_stream_ptr, std::optional<peer_credentials>)>;

  /// Opens the socket and begins to accept. A socket file that nobody listens
  /// on is replaced.
  /// @param loop Must outlive the listener and the streams.
  /// @returns `errc::already_exists` if somebody listens there, or what stands
  ///          there is no socket; else why the system refused.
  static result<std::unique_ptr<socket_listener>>
  open(io_loop& loop, const guest_address& address, const options& with,
       accepted on);

  /// Accepts from a socket that listens already, and is somebody else's as
  /// well: who connects after close() waits for whoever takes it next.
  /// @param address That `lent` listens on.
  /// @param lent Does not block.
  /// @returns why its file could not be given owner and mode.
  static result<std::unique_ptr<socket_listener>>
  borrow(io_loop& loop, const guest_address& address, unique_fd lent,
         const options& with, accepted on);

  /// Accepts from a socket without a file that listens already and is this
  /// one's from now on, such as one of TCP.
  /// @param name What it listens on, for errors.
  static std::unique_ptr<socket_listener>
  take(io_loop& loop, unique_fd listening, const std::string& name,
       const options& with, accepted on);

  /// Like close().
  ~socket_listener();
  socket_listener(const socket_listener&) = delete;
  socket_listener& operator=(const socket_listener&) = delete;

  /// Ends accepting and removes the socket file, unless another has taken its
  /// place or the socket was lent. A callback that has begun may still run.
  /// Idempotent.
  void close();

private:
  class acceptor;
  explicit socket_listener(std::shared_ptr<acceptor> state);
  std::shared_ptr<acceptor> acceptor_;
};

} // namespace fsshare
