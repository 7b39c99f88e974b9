// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/net/guest_address.hpp"
#include "sys/unique_fd.hpp"
#include "ttrpc/frame.hpp"

#include <chrono>
#include <deque>
#include <optional>

namespace fsshare::test {

/// A client that speaks in bytes, to send what no proper client would.
/// Functions throw when a deadline passes or the system refuses.
class socket_peer {
public:
  using duration = std::chrono::milliseconds;

  /// Far more than any answer takes.
  static constexpr duration patience = std::chrono::seconds{30};

  /// Connects to a unix socket.
  explicit socket_peer(const guest_address& address);

  /// Sends all of it.
  void send(byte_view data) const;

  /// Ends our side of the connection.
  void finish_sending() const;

  /// Returns the next frame; nothing when the other side ended the connection.
  std::optional<ttrpc::frame> next_frame(duration limit = patience);

  /// Whether nothing at all arrives for a while.
  bool is_silent_for(duration limit);

private:
  bool is_readable_within(duration limit) const;

  unique_fd socket_;
  ttrpc::frame_decoder decoder_;
  std::deque<ttrpc::frame> frames_;
};

} // namespace fsshare::test
