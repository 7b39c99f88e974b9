// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/net/guest_address.hpp"
#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <chrono>
#include <string>

namespace fsshare {

/// A unix stream socket for programs that have nothing else to do than wait
/// for its peer. Not thread-safe. Every wait ends at a deadline with
/// `errc::deadline_exceeded`; a lost peer is `errc::unavailable`.
class blocking_socket {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param address A unix socket.
  /// @returns `errc::unavailable` if nobody listens, naming the address.
  static result<blocking_socket> connect(const guest_address& address);

  /// Sends all of `data`.
  status send(byte_view data, time_point deadline);

  /// Waits for at least one byte and returns all that has arrived, up to
  /// 256 KiB.
  result<bytes> receive(time_point deadline);

private:
  blocking_socket(unique_fd socket, std::string peer);
  status wait(short events, const char* what, time_point deadline) const;

  unique_fd socket_;
  std::string peer_;
};

} // namespace fsshare
