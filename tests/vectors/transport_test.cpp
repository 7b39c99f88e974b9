// SPDX-License-Identifier: Apache-2.0
#include "proto/agent.pb.h"
#include "tests/support/guest_process.hpp"
#include "tests/support/socket_peer.hpp"
#include "tests/vectors/case_player.hpp"
#include "ttrpc/copy_file.hpp"
#include "ttrpc/envelope.hpp"

#include <doctest/doctest.h>
#include <fstream>
#include <nlohmann/json.hpp>

TEST_SUITE_BEGIN("vectors/transport");

using namespace fsshare;
using namespace fsshare::test;
using nlohmann::json;

namespace {

// README.md: what shows that a connection is open is a Check on this stream.
constexpr std::uint32_t probe_stream = 1001;

bytes from_hex(const std::string& text) {
  bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(
      static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return out;
}

std::string to_hex(byte_view data) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const auto byte : data) {
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  }
  return out;
}

bytes call(std::uint32_t stream, std::string_view service,
           std::string_view method, byte_view payload) {
  bytes out;
  const ttrpc::request_head head{stream, service, method, {}};
  REQUIRE(ttrpc::append_request(out, head, {payload}));
  return out;
}

bytes copy_of(std::size_t size) {
  grpc::CopyFileRequest message;
  message.set_path("/run/kata-containers/shared/containers/t/f");
  message.set_file_mode(0100644);
  message.set_file_size(static_cast<std::int64_t>(size));
  message.set_data(std::string(size, 'x'));
  const auto text = message.SerializeAsString();
  return call(1, ttrpc::agent_service, ttrpc::copy_file_method, as_bytes(text));
}

// The file whose frame is exactly as long as one may be.
bytes largest() {
  constexpr auto wanted = ttrpc::frame_header_size + ttrpc::max_frame_payload;
  constexpr std::size_t guess = ttrpc::max_frame_payload - 4096;
  auto out = copy_of(guess + wanted - copy_of(guess).size());
  REQUIRE(out.size() == wanted);
  return out;
}

bytes oversize() {
  constexpr auto length
    = static_cast<std::uint32_t>(ttrpc::max_frame_payload + 1);
  const auto head
    = ttrpc::encode_frame_header({length, 1, ttrpc::request_frame, 0});
  bytes out{head.begin(), head.end()};
  out.resize(out.size() + length, 'x');
  return out;
}

bytes sent_of(const json& which) {
  if (which.contains("sent"))
    return from_hex(which.at("sent"));
  return which.at("name") == "largest" ? largest() : oversize();
}

// One line for what is to be compared of a frame.
std::string describe(std::uint32_t stream, int type, int flags, int code,
                     const std::string& payload) {
  return std::to_string(stream) + " type " + std::to_string(type) + " flags "
         + std::to_string(flags) + " code " + std::to_string(code) + " "
         + payload + "\n";
}

std::string expected_frames(const json& which, const std::string& version) {
  std::string out;
  for (const auto& frame : which.at("frames")) {
    const auto& reply = frame.at("reply");
    auto payload = reply.value("payload", "");
    if (which.at("name") == "version") {
      grpc::VersionCheckResponse message;
      message.set_grpc_version("0.0.1");
      message.set_agent_version(version);
      payload = to_hex(as_bytes(message.SerializeAsString()));
    }
    out += describe(frame.at("stream"), frame.at("type"), frame.at("flags"),
                    reply.at("code"), payload);
  }
  return out;
}

std::string describe(const ttrpc::frame& frame) {
  const auto reply = ttrpc::decode_response(frame.payload);
  REQUIRE(reply);
  return describe(frame.header.stream, frame.header.type, frame.header.flags,
                  static_cast<int>(reply->code), to_hex(reply->payload));
}

struct observed {
  std::string frames;
  std::string connection;
};

// What comes back before the answer to a Check that is sent afterwards: with
// one worker answers are in order.
observed play(const json& which, const guest_address& address) {
  socket_peer peer{address};
  peer.send(sent_of(which));
  if (which.at("connection") == "closed")
    peer.finish_sending();
  else
    peer.send(
      call(probe_stream, ttrpc::health_service, ttrpc::check_method, {}));
  observed out;
  while (const auto frame = peer.next_frame()) {
    if (frame->header.stream == probe_stream) {
      CHECK(describe(*frame) == describe(probe_stream, 2, 0, 0, "0801"));
      out.connection = "open, answers on";
      return out;
    }
    out.frames += describe(*frame);
  }
  out.connection = "closed";
  return out;
}

} // namespace

TEST_CASE("fsshare-guest answers bytes as recorded, on all profiles") {
  std::ifstream file{"tests/vectors/transport.json"};
  const auto all = json::parse(file);
  CHECK(all.at("cases").size() == 24);
  for (const auto& agent : recorded_agents()) {
    const guest_process guest{{"--profile", agent.profile}};
    for (const auto& which : all.at("cases")) {
      CAPTURE(which.at("name").get<std::string>());
      CAPTURE(agent.version);
      const auto seen = play(which, guest.address());
      CHECK(seen.frames == expected_frames(which, agent.version));
      CHECK(seen.connection == which.at("connection").get<std::string>());
    }
  }
}
