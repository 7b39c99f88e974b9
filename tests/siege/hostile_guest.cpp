// SPDX-License-Identifier: Apache-2.0
#include "tests/siege/hostile_guest.hpp"

#include "proto/agent.pb.h"
#include "tests/siege/attack_socket.hpp"
#include "tests/support/listening_socket.hpp"
#include "ttrpc/envelope.hpp"
#include "ttrpc/frame.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>

#include <poll.h>
#include <sys/socket.h>

namespace fsshare::siege {

namespace {

constexpr std::size_t large = std::size_t{4} << 20;
/// Of streams that no client opens.
constexpr std::uint32_t no_stream = 999'999;

guest_address at_path(const std::string& socket) {
  guest_address out;
  out.path = socket;
  return out;
}

bytes answer(std::uint32_t stream, errc code, std::string_view text,
             const std::string& payload = {}) {
  bytes out;
  ttrpc::append_response(out, stream, ttrpc::success_encoding::empty_status,
                         code, text, as_bytes(payload));
  return out;
}

/// Repeats it up to about 1 MiB.
bytes repeated(byte_view unit) {
  bytes out;
  do
    out.insert(out.end(), unit.begin(), unit.end());
  while (out.size() < (std::size_t{1} << 20));
  return out;
}

bytes frame_of(std::uint8_t type, std::uint32_t length) {
  const auto head = ttrpc::encode_frame_header({length, no_stream, type, 0});
  return {head.begin(), head.end()};
}

/// What is sent again and again; empty for attacks of another kind.
bytes flood_of(guest_attack how) {
  switch (how) {
  case guest_attack::stray_answers:
    return repeated(answer(no_stream, errc::none, {}));
  case guest_attack::large_stray_answers:
    return answer(no_stream, errc::none, {}, std::string(large - 64, 'x'));
  case guest_attack::unknown_frames: return repeated(frame_of(9, 0));
  case guest_attack::garbage:
    return repeated(as_bytes("\xff\xfe neither a frame nor anything else "));
  case guest_attack::oversize: {
    auto out = frame_of(ttrpc::response_frame, 16 << 20);
    out.resize(out.size() + (16 << 20), 'x');
    return out;
  }
  default: return {};
  }
}

std::string greeting_of(const ttrpc::request& asked) {
  if (asked.method == "Check") {
    grpc::HealthCheckResponse reply;
    reply.set_status(grpc::HealthCheckResponse::SERVING);
    return reply.SerializeAsString();
  }
  grpc::VersionCheckResponse reply;
  reply.set_grpc_version("0.0.1");
  reply.set_agent_version("4.1.0");
  return reply.SerializeAsString();
}

/// Calls `take` with each request that arrives, until it returns false.
/// @returns false if the connection ended before.
bool read_requests(int connection, const std::atomic<bool>& is_ending,
                   const std::function<bool(const ttrpc::request&)>& take) {
  ttrpc::frame_decoder decoder;
  std::array<std::uint8_t, 65536> part{};
  while (!is_ending) {
    const auto count = ::recv(connection, part.data(), part.size(), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
      return false;
    if (count < 0)
      continue;
    const byte_view arrived{part.data(), static_cast<std::size_t>(count)};
    for (const auto& each : decoder.receive(arrived)) {
      const auto asked
        = ttrpc::decode_request(each.header.stream, each.payload);
      if (asked && !take(*asked))
        return true;
    }
  }
  return false;
}

} // namespace

std::string_view to_string(guest_attack what) {
  switch (what) {
  case guest_attack::hangs: return "hangs";
  case guest_attack::hangs_later: return "hangs after the greeting";
  case guest_attack::stray_answers: return "stray answers";
  case guest_attack::large_stray_answers: return "stray answers of 4 MiB";
  case guest_attack::unknown_frames: return "unknown frames";
  case guest_attack::garbage: return "garbage";
  case guest_attack::drips: return "a byte a second";
  case guest_attack::long_errors: return "errors of 4 MiB";
  case guest_attack::oversize: return "frames of 16 MiB";
  case guest_attack::leaves: return "leaves after the greeting";
  }
  return "?";
}

hostile_guest::hostile_guest(const std::string& socket, guest_attack how)
  : address_("unix://" + socket), how_(how),
    listening_(test::listen_at(at_path(socket), 16)), thread_([this] {
      serve();
    }) {
}

hostile_guest::~hostile_guest() {
  is_ending_ = true;
  thread_.join();
}

void hostile_guest::serve() {
  lower_priority();
  while (!is_ending_) {
    pollfd waited{listening_.get(), POLLIN, 0};
    if (::poll(&waited, 1, 100) <= 0)
      continue;
    const unique_fd connection{
      ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!connection)
      continue;
    ++connections_;
    limit_waits(connection.get());
    attack(connection.get());
  }
}

void hostile_guest::attack(int connection) {
  if (how_ == guest_attack::hangs) {
    pause_for(std::chrono::seconds{30}, is_ending_);
    return;
  }
  if (!greet(connection) || how_ == guest_attack::leaves)
    return;
  if (how_ == guest_attack::hangs_later)
    pause_for(std::chrono::seconds{30}, is_ending_);
  else if (how_ == guest_attack::drips || how_ == guest_attack::long_errors)
    answer_all(connection);
  else
    flood(connection);
}

bool hostile_guest::greet(int connection) {
  return read_requests(connection, is_ending_, [&](const auto& asked) {
    send_all(connection,
             answer(asked.stream, errc::none, {}, greeting_of(asked)),
             is_ending_);
    return asked.method != "Version";
  });
}

void hostile_guest::answer_all(int connection) {
  const std::string text(large - 64, 'e');
  read_requests(connection, is_ending_, [&](const auto& asked) {
    if (how_ == guest_attack::long_errors)
      return send_all(connection, answer(asked.stream, errc::internal, text),
                      is_ending_);
    for (const auto byte : answer(asked.stream, errc::none, {})) {
      if (!send_all(connection, {&byte, 1}, is_ending_))
        return false;
      pause_for(std::chrono::seconds{1}, is_ending_);
    }
    return true;
  });
}

void hostile_guest::flood(int connection) {
  const auto block = flood_of(how_);
  while (send_all(connection, block, is_ending_)) {
  }
}

} // namespace fsshare::siege
