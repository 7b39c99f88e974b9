// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace fsshare::siege {

/// What a guest agent does that means harm.
enum class guest_attack : std::uint8_t {
  /// Accepts, and says nothing.
  hangs,
  /// Answers the greeting alone.
  hangs_later,
  /// Sends answers that nobody waits for, small and of 4 MiB.
  stray_answers,
  large_stray_answers,
  /// Sends frames of a type that is to be ignored.
  unknown_frames,
  /// Sends bytes that are no frames.
  garbage,
  /// Answers one byte a second.
  drips,
  /// Fails everything with 4 MiB of text.
  long_errors,
  /// Announces more than a frame may have, and sends it.
  oversize,
  /// Ends each connection after the greeting.
  leaves,
};

inline constexpr std::array all_guest_attacks{
  guest_attack::hangs,          guest_attack::hangs_later,
  guest_attack::stray_answers,  guest_attack::large_stray_answers,
  guest_attack::unknown_frames, guest_attack::garbage,
  guest_attack::drips,          guest_attack::long_errors,
  guest_attack::oversize,       guest_attack::leaves,
};

std::string_view to_string(guest_attack what);

/// A guest agent that attacks each connection made to it, one at a time, in a
/// thread of its own with a low priority.
class hostile_guest {
public:
  /// Listens; throws if that fails.
  /// @param socket Path of a unix socket that does not exist yet.
  hostile_guest(const std::string& socket, guest_attack how);
  ~hostile_guest();
  hostile_guest(const hostile_guest&) = delete;
  hostile_guest& operator=(const hostile_guest&) = delete;

  const std::string& address() const {
    return address_;
  }
  guest_attack how() const {
    return how_;
  }
  /// Returns how many connections were made to it.
  std::size_t connections() const {
    return connections_;
  }

private:
  void serve();
  void attack(int connection);
  bool greet(int connection);
  void answer_all(int connection);
  void flood(int connection);

  std::string address_;
  guest_attack how_;
  unique_fd listening_;
  std::atomic<bool> is_ending_{false};
  std::atomic<std::size_t> connections_{0};
  std::thread thread_;
};

} // namespace fsshare::siege
