// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// What the clients of the control socket make the node agent keep, and which
/// of them has to go, or to be refused, when that becomes too much.
class client_ledger {
public:
  using id = std::uint64_t;
  using time_point = std::chrono::steady_clock::time_point;

  struct limits {
    std::size_t connections = 2048;
    std::size_t connections_per_user = 1024;
    /// Calls of one client that wait for their answers.
    std::size_t calls = 4096;
    /// Bytes of requests that wait, of one client and of all.
    std::size_t waiting_bytes = std::size_t{8} << 20;
    std::size_t all_waiting_bytes = std::size_t{32} << 20;
    /// Beyond that, room for calls of at most small_call_bytes: those that end
    /// something are small.
    std::size_t small_calls_bytes = std::size_t{8} << 20;
    std::size_t small_call_bytes = std::size_t{16} << 10;
    /// Bytes of frames of which the rest has not arrived, of all clients.
    std::size_t all_frame_bytes = std::size_t{32} << 20;
    /// Longest time from the first byte of a frame to its last.
    std::chrono::nanoseconds frame_time = pacing::frame;
  };

  /// Who connected.
  struct who {
    std::uint32_t uid = 0;
    bool is_allowed = false;
  };

  /// A frame of which the rest has not arrived.
  struct open_frame {
    /// Tells it from other frames of its client.
    std::uint64_t number = 0;
    /// What is kept of it.
    std::size_t bytes = 0;
  };

  client_ledger();
  explicit client_ledger(const limits& with);

  /// Adds a client.
  /// @returns who must be disconnected for it: the idlest of its user or of
  ///          all, or itself where nobody is idle.
  std::optional<id> add(id client, const who& whose, time_point now);

  /// Forgets a client, but not what its calls keep until they are answered.
  void remove(id client);

  /// Notes that a client has sent something, and what it has begun.
  /// @returns who must be disconnected because of all such beginnings: who has
  ///          sent most of one.
  std::optional<id> heard(id client, const std::optional<open_frame>& begun,
                          time_point now);

  /// Counts a call that begins to wait, with the bytes of its request.
  /// @returns why it must be refused; then nothing is counted.
  std::optional<std::string> begin_call(id client, std::size_t bytes);

  /// Ends a call that was counted, also of a client that was removed.
  void end_call(id client, std::size_t bytes);

  /// Returns those whose frame takes too long.
  std::vector<id> overdue(time_point now) const;
  /// Returns when overdue() has somebody.
  std::optional<time_point> next_due() const;

  /// Returns who is missed least: nobody waits for an answer on it, it is not
  /// allowed to call, has never called, has been silent for longest, in this
  /// order. Nothing if all wait for answers.
  std::optional<id> idlest() const;

  std::size_t size() const {
    return clients_.size();
  }

private:
  struct entry {
    who whose;
    std::size_t calls = 0;
    std::size_t waiting_bytes = 0;
    bool has_called = false;
    time_point last_heard;
    std::optional<open_frame> frame;
    time_point frame_since;
  };

  template <class Allowed>
  std::optional<id> idlest_if(Allowed allowed) const;
  void drop_frame(id client, entry& of);

  limits limits_;
  std::map<id, entry> clients_;
  std::map<std::uint32_t, std::size_t> per_user_;
  std::set<std::pair<time_point, id>> frames_;
  std::size_t waiting_bytes_ = 0;
  std::size_t frame_bytes_ = 0;
};

} // namespace fsshare
