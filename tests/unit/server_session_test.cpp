// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/server_session.hpp"

#include "proto/agent.pb.h"
#include "tests/support/hex.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace fsshare;
using namespace fsshare::ttrpc;
using namespace std::chrono_literals;
using test::from_hex;

namespace {

struct answer {
  frame_header header;
  response said;
};

std::vector<answer> read_answers(const bytes& sent) {
  std::vector<answer> out;
  for (const auto& arrived : frame_decoder{}.receive(sent)) {
    auto said = decode_response(arrived.payload);
    REQUIRE(said);
    out.push_back({arrived.header, *std::move(said)});
  }
  return out;
}

bytes make_request(std::uint32_t stream, std::string_view service = "s",
                   std::string_view method = "m") {
  bytes out;
  REQUIRE(append_request(out, {stream, service, method, 0ns}, {}));
  return out;
}

/// A header that announces one byte more than fits, with its body.
bytes oversize(std::uint32_t stream, std::uint8_t type = request_frame) {
  const auto head = encode_frame_header(
    {static_cast<std::uint32_t>(max_frame_payload + 1), stream, type, 0});
  bytes out(head.begin(), head.end());
  out.resize(out.size() + max_frame_payload + 1);
  return out;
}

/// Sends frames one after the other and returns the answer of the session
/// itself, which must be the only one.
answer refusal(server_session& session, const bytes& sent) {
  CHECK(session.receive(sent).empty());
  const auto got = read_answers(session.take_output());
  REQUIRE(got.size() == 1);
  CHECK(got[0].header.type == response_frame);
  CHECK(got[0].header.flags == 0);
  return got[0];
}

bool accepts(server_session& session, std::uint32_t stream) {
  const auto got = session.receive(make_request(stream));
  return got.size() == 1 && got[0].stream == stream
         && session.take_output().empty();
}

constexpr std::string_view share_root
  = "/run/kata-containers/shared/containers";

/// Answers a request as the guest agents of the recording do.
bytes serve_as_guest(const server_session& session, const request& call,
                     const std::string& version) {
  if (call.service == "grpc.Health" && call.method == "Check")
    return session.respond(call.stream, errc::none, "", from_hex("0801"));
  if (call.service == "grpc.Health" && call.method == "Version") {
    const auto payload = "\x0a\x05"
                         "0.0.1\x12"
                         + std::string(1, char(version.size())) + version;
    return session.respond(call.stream, errc::none, "", as_bytes(payload));
  }
  if (call.service != "grpc.AgentService")
    return session.respond(call.stream, session.unknown_service(call));
  if (call.method != "CopyFile")
    return session.respond(call.stream, session.unknown_method(call));
  grpc::CopyFileRequest copy;
  if (!copy.ParseFromArray(call.payload.data(), int(call.payload.size())))
    return session.respond(call.stream, {errc::unknown, "ttrpc err"});
  CHECK(copy.path() == std::string{share_root} + "/t/f");
  return session.respond(call.stream, errc::none, "", {});
}

/// What `sent` of the case is; the two of 4 MiB are made as their `about` says.
bytes bytes_of(const nlohmann::json& recorded) {
  if (recorded.contains("sent"))
    return from_hex(recorded["sent"].get<std::string>());
  if (recorded["name"] == "oversize")
    return oversize(1);
  grpc::CopyFileRequest copy;
  copy.set_path(std::string{share_root} + "/t/f");
  copy.set_file_mode(0100644);
  const auto make = [&copy](std::size_t size) {
    copy.set_file_size(static_cast<std::int64_t>(size));
    copy.set_data(std::string(size, 'x'));
    bytes out;
    REQUIRE(append_request(out, {1, "grpc.AgentService", "CopyFile", 0ns},
                           {as_bytes(copy.SerializeAsString())}));
    return out;
  };
  constexpr auto full = frame_header_size + max_frame_payload;
  const auto size = std::size_t{4'000'000};
  auto out = make(size + full - make(size).size());
  REQUIRE(out.size() == full);
  return out;
}

void check_case(const nlohmann::json& recorded) {
  server_session session{server_rules::guest};
  bytes sent_back;
  const auto feed = [&](const bytes& data) {
    const auto calls = session.receive(data);
    const auto own = session.take_output();
    sent_back.insert(sent_back.end(), own.begin(), own.end());
    for (const auto& call : calls) {
      const auto frame = serve_as_guest(session, call, "4.1.0");
      sent_back.insert(sent_back.end(), frame.begin(), frame.end());
    }
  };
  feed(bytes_of(recorded));
  if (recorded["connection"] == "open, answers on") {
    const auto before = sent_back.size();
    feed(make_request(1001, "grpc.Health", "Check"));
    CHECK(test::to_hex(byte_view{sent_back}.subspan(before))
          == "00000006000003e902000a0012020801");
    sent_back.resize(before);
  }
  const auto got = read_answers(sent_back);
  const auto& wanted = recorded["frames"];
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto& reply = wanted[i]["reply"];
    CHECK(got[i].header.stream == wanted[i]["stream"]);
    CHECK(got[i].header.type == wanted[i]["type"]);
    CHECK(got[i].header.flags == wanted[i]["flags"]);
    CHECK(static_cast<int>(got[i].said.code) == reply["code"]);
    CHECK(test::to_hex(got[i].said.payload) == reply.value("payload", ""));
    if (reply["code"] == 0)
      CHECK(got[i].header.length
            == wanted[i]["raw"].get<std::string>().size() / 2);
  }
}

} // namespace

TEST_SUITE_BEGIN("ttrpc/server_session");

TEST_CASE("a request comes out with all it carries") {
  server_session session{server_rules::go};
  bytes sent;
  REQUIRE(append_request(sent, {1, "a.B", "C", 7s}, {as_bytes("data")}));

  const auto got = session.receive(sent);

  REQUIRE(got.size() == 1);
  CHECK(got[0].stream == 1);
  CHECK(got[0].service == "a.B");
  CHECK(got[0].method == "C");
  CHECK(as_text(got[0].payload) == "data");
  CHECK(got[0].timeout == 7s);
  CHECK(session.take_output().empty());
}

TEST_CASE("Go rules: ids must rise, and a refused one counts not") {
  server_session session{server_rules::go};
  CHECK(accepts(session, 5));

  for (const std::uint32_t stream : {5U, 3U}) {
    const auto got = refusal(session, make_request(stream));
    CHECK(got.header.stream == stream);
    CHECK(got.said.code == errc::invalid_argument);
  }

  CHECK(accepts(session, 7));
}

TEST_CASE("guest rules: ids may fall and repeat") {
  server_session session{server_rules::guest};
  CHECK(accepts(session, 5));
  CHECK(accepts(session, 5));
  CHECK(accepts(session, 3));
}

TEST_CASE("both rules: ids must be odd") {
  for (const auto rules : {server_rules::go, server_rules::guest}) {
    server_session session{rules};
    for (const std::uint32_t stream : {0U, 2U}) {
      const auto got = refusal(session, make_request(stream));
      CHECK(got.header.stream == stream);
      CHECK(got.said.code == errc::invalid_argument);
    }
    CHECK(accepts(session, 1));
  }
}

TEST_CASE("both rules: what is no request is refused, its id is used") {
  const auto bad = from_hex("00000004000000010100ffffffff");
  for (const auto rules : {server_rules::go, server_rules::guest}) {
    server_session session{rules};
    CHECK(refusal(session, bad).said.code == errc::invalid_argument);
    CHECK(accepts(session, 1) == (rules == server_rules::guest));
  }
}

TEST_CASE("both rules: data frames are refused") {
  for (const auto rules : {server_rules::go, server_rules::guest}) {
    server_session session{rules};
    const auto got = refusal(session, from_hex("00000000000000010300"));
    CHECK(got.said.code == errc::invalid_argument);
    CHECK(accepts(session, 1));
  }
}

TEST_CASE("both rules: responses and unknown types are ignored") {
  for (const auto rules : {server_rules::go, server_rules::guest}) {
    server_session session{rules};
    CHECK(
      session.receive(from_hex("00000001000000010200ff 00000001000000030900ff"))
        .empty());
    CHECK(session.take_output().empty());
    CHECK(accepts(session, 1));
  }
}

TEST_CASE("an oversize frame is refused, skipped and forgotten") {
  for (const auto rules : {server_rules::go, server_rules::guest}) {
    server_session session{rules};
    const auto got = refusal(session, oversize(9));
    CHECK(got.header.stream == 9);
    CHECK(got.said.code
          == (rules == server_rules::go ? errc::resource_exhausted
                                        : errc::invalid_argument));
    CHECK(accepts(session, 1));
  }
}

TEST_CASE("a success is written as the rules say") {
  const server_session go{server_rules::go};
  const server_session guest{server_rules::guest};

  CHECK(test::to_hex(go.respond(1, errc::none, "", {}))
        == "00000000000000010200");
  CHECK(test::to_hex(guest.respond(1, errc::none, "", {}))
        == "000000020000000102000a00");
  CHECK(test::to_hex(go.respond(1, {errc::internal, "boom"}))
        == "0000000a0000000102000a08080d1204626f6f6d");
}

TEST_CASE("an answer larger than a frame becomes a failure") {
  const server_session session{server_rules::go};

  const auto got = read_answers(
    session.respond(1, errc::none, "", bytes(max_frame_payload)));

  REQUIRE(got.size() == 1);
  CHECK(got[0].said.code == errc::resource_exhausted);
}

TEST_CASE("unknown services and methods are told as the rules say") {
  const server_session go{server_rules::go};
  const server_session guest{server_rules::guest};
  const request call{1, "no.Such", "Nothing", {}, 0ns};

  CHECK(go.unknown_service(call)
        == error{errc::unimplemented, "service no.Such"});
  CHECK(go.unknown_method(call)
        == error{errc::unimplemented, "method Nothing"});
  CHECK(guest.unknown_service(call)
        == error{errc::invalid_argument, "no.Such service does not exist"});
  CHECK(guest.unknown_method(call)
        == error{errc::unimplemented, "Nothing method"});
}

TEST_CASE("guest rules answer as the recorded guest agents did") {
  std::ifstream file{"tests/vectors/transport.json"};
  REQUIRE(file);
  const auto recording = nlohmann::json::parse(file);
  REQUIRE(recording["cases"].size() == 24);
  for (const auto& recorded : recording["cases"]) {
    INFO(recorded["name"].get<std::string>());
    check_case(recorded);
  }
}

TEST_SUITE_END();
