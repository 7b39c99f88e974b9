// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/hostile_client.hpp"

#include "proto/fsshare.pb.h"
#include "tests/siege/attack_socket.hpp"
#include "ttrpc/envelope.hpp"
#include "ttrpc/frame.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace fsshare::siege {

namespace {

constexpr std::string_view service = "fsshare.v1.FilesystemShare";
constexpr std::size_t large = std::size_t{4} << 20;
constexpr std::chrono::milliseconds attack_time{2000};

/// Whether an attack that began then has lasted long enough.
class stopwatch {
public:
  bool is_over() const {
    return std::chrono::steady_clock::now() - begin_ > attack_time;
  }

private:
  std::chrono::steady_clock::time_point begin_
    = std::chrono::steady_clock::now();
};

bytes frame_of(std::uint8_t type, std::uint32_t stream, std::uint32_t length) {
  const auto head = ttrpc::encode_frame_header({length, stream, type, 0});
  return {head.begin(), head.end()};
}

void append_call(bytes& to, std::uint32_t stream, std::string_view method,
                 const std::string& payload) {
  static_cast<void>(ttrpc::append_request(
    to, {stream, service, method, std::chrono::nanoseconds{0}},
    {as_bytes(payload)}));
}

} // namespace

std::string_view to_string(client_attack what) {
  switch (what) {
  case client_attack::ignored_frames: return "ignored frames";
  case client_attack::unread_refusals: return "unread refusals";
  case client_attack::waiting_requests: return "waiting requests";
  case client_attack::half_frames: return "half frames";
  case client_attack::connections: return "connections";
  }
  return "?";
}

hostile_client::hostile_client(std::string socket, client_attack how,
                               std::string sandbox, std::string source)
  : socket_(std::move(socket)), how_(how), sandbox_(std::move(sandbox)),
    source_(std::move(source)), thread_([this] {
      run();
    }) {
}

hostile_client::~hostile_client() {
  is_ending_ = true;
  thread_.join();
}

void hostile_client::run() {
  lower_priority();
  while (!is_ending_) {
    ++attacks_;
    attack();
    pause_for(std::chrono::milliseconds{100}, is_ending_);
  }
}

void hostile_client::attack() {
  if (how_ == client_attack::connections || how_ == client_attack::half_frames)
    return hold_connections();
  const auto connection = connect_for_attack(socket_);
  if (!connection)
    return;
  if (how_ == client_attack::ignored_frames)
    send_frames(connection.get());
  else if (how_ == client_attack::unread_refusals)
    send_calls(connection.get());
  else
    send_waiting(connection.get());
}

void hostile_client::send_frames(int connection) {
  bytes block;
  for (int i = 0; i < 100'000; ++i) {
    const auto one = frame_of(9, 1, 0);
    block.insert(block.end(), one.begin(), one.end());
  }
  const stopwatch time;
  while (!time.is_over()
         && send_all(connection, block, is_ending_, attack_time)) {
  }
}

void hostile_client::send_calls(int connection) {
  const stopwatch time;
  std::uint32_t stream = 1;
  for (bytes block; !time.is_over(); block.clear()) {
    for (int i = 0; i < 500; ++i, stream += 2)
      append_call(block, stream, std::string(900, 'M'), {});
    if (!send_all(connection, block, is_ending_, attack_time))
      return;
  }
}

/// The longest text that is taken, and the longest that fits a frame.
void hostile_client::send_waiting(int connection) {
  v1::ShareFileRequest asked;
  asked.set_sandbox_id(sandbox_);
  asked.set_container_id("c");
  asked.mutable_mount()->set_source(source_);
  const stopwatch time;
  for (std::uint32_t i = 0; i < 300 && !time.is_over(); ++i) {
    const auto number = std::to_string(i);
    const bool is_long = i % 2 == 0;
    asked.mutable_mount()->set_destination(
      "/" + (is_long ? number : std::string(4000, 'd') + number));
    asked.mutable_mount()->set_type(is_long ? std::string(large - 4096, 't')
                                            : "bind");
    bytes call;
    append_call(call, 1 + 2 * i, "ShareFile", asked.SerializeAsString());
    if (!send_all(connection, call, is_ending_, attack_time))
      return;
  }
  pause_for(attack_time, is_ending_);
}

void hostile_client::hold_connections() {
  const bool with_frame = how_ == client_attack::half_frames;
  auto frame = frame_of(ttrpc::request_frame, 1, large);
  frame.resize(frame.size() + large - 1);
  const stopwatch time;
  std::vector<unique_fd> held;
  for (int i = 0; i < 200 && !time.is_over() && !is_ending_; ++i) {
    held.push_back(connect_for_attack(socket_));
    if (with_frame && held.back())
      send_all(held.back().get(), frame, is_ending_, attack_time / 10);
  }
  pause_for(attack_time, is_ending_);
}

} // namespace fsshare::siege
