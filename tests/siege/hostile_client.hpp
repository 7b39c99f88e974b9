// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace fsshare::siege {

/// What a client of the control API does that means harm.
enum class client_attack : std::uint8_t {
  /// Sends frames that are to be ignored.
  ignored_frames,
  /// Calls what does not exist, and reads no answer.
  unread_refusals,
  /// Sends requests with much text that wait for a guest that hangs.
  waiting_requests,
  /// Sends nearly whole frames of 4 MiB.
  half_frames,
  /// Connects again and again, and stays connected for a while.
  connections,
};

inline constexpr std::array all_client_attacks{
  client_attack::ignored_frames,   client_attack::unread_refusals,
  client_attack::waiting_requests, client_attack::half_frames,
  client_attack::connections,
};

std::string_view to_string(client_attack what);

/// A client that attacks again and again, in a thread of its own with a low
/// priority.
class hostile_client {
public:
  /// @param socket Of the control API.
  /// @param sandbox One whose guest hangs.
  /// @param source A directory that exists.
  hostile_client(std::string socket, client_attack how, std::string sandbox,
                 std::string source);
  ~hostile_client();
  hostile_client(const hostile_client&) = delete;
  hostile_client& operator=(const hostile_client&) = delete;

  client_attack how() const {
    return how_;
  }
  /// Returns how often it has attacked.
  std::size_t attacks() const {
    return attacks_;
  }

private:
  void run();
  void attack();
  void send_frames(int connection);
  void send_calls(int connection);
  void send_waiting(int connection);
  void hold_connections();

  std::string socket_;
  client_attack how_;
  std::string sandbox_;
  std::string source_;
  std::atomic<bool> is_ending_{false};
  std::atomic<std::size_t> attacks_{0};
  std::thread thread_;
};

} // namespace fsshare::siege
