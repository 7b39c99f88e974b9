// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/client_session.hpp"

#include "tests/support/hex.hpp"
#include "ttrpc/envelope.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::ttrpc;
using namespace std::chrono_literals;
using test::from_hex;

namespace {

const client_session::time_point start{};

std::uint32_t make_call(client_session& session,
                        std::chrono::nanoseconds timeout = 0ns,
                        client_session::time_point now = start) {
  const auto made = session.call("s", "m", {}, timeout, now);
  REQUIRE(made);
  return *made;
}

bytes success(std::uint32_t stream, std::string_view payload) {
  bytes out;
  append_response(out, stream, success_encoding::empty_status, errc::none, "",
                  as_bytes(payload));
  return out;
}

std::vector<client_session::reply> receive(client_session& session,
                                           const bytes& data) {
  auto got = session.receive(data);
  REQUIRE(got);
  return *std::move(got);
}

} // namespace

TEST_SUITE_BEGIN("ttrpc/client_session");

TEST_CASE("calls take odd ids in the order of the wire") {
  client_session session;
  CHECK(make_call(session) == 1);
  CHECK(make_call(session) == 3);
  CHECK(make_call(session) == 5);
  CHECK(session.outstanding() == 3);

  const auto sent = frame_decoder{}.receive(session.take_output());

  REQUIRE(sent.size() == 3);
  CHECK(sent[0].header.stream == 1);
  CHECK(sent[1].header.stream == 3);
  CHECK(sent[2].header.stream == 5);
  CHECK(sent[0].header.type == request_frame);
  CHECK(session.take_output().empty());
}

TEST_CASE("a call carries its timeout and its payload") {
  client_session session;
  REQUIRE(session.call("grpc.Health", "Check", {as_bytes("a"), as_bytes("b")},
                       30s, start));

  const auto sent = frame_decoder{}.receive(session.take_output());

  REQUIRE(sent.size() == 1);
  const auto read = decode_request(1, sent[0].payload);
  REQUIRE(read);
  CHECK(read->service == "grpc.Health");
  CHECK(as_text(read->payload) == "ab");
  CHECK(read->timeout == 30s);
}

TEST_CASE("replies may come in any order") {
  client_session session;
  make_call(session);
  make_call(session);

  auto data = success(3, "three");
  const auto more = success(1, "one");
  data.insert(data.end(), more.begin(), more.end());
  const auto got = receive(session, data);

  REQUIRE(got.size() == 2);
  CHECK(got[0].stream == 3);
  CHECK(as_text(got[0].payload) == "three");
  CHECK(got[1].stream == 1);
  CHECK(got[1].code == errc::none);
  CHECK(session.outstanding() == 0);
  CHECK(session.stray_responses() == 0);
}

TEST_CASE("both encodings of an empty success are understood") {
  client_session session;
  make_call(session);
  make_call(session);

  const auto got = receive(
    session, from_hex("00000000000000010200 000000020000000302000a00"));

  REQUIRE(got.size() == 2);
  for (const auto& reply : got) {
    CHECK(reply.code == errc::none);
    CHECK(reply.payload.empty());
  }
}

TEST_CASE("a failure brings its code and sentence") {
  client_session session;
  make_call(session);

  const auto got
    = receive(session, from_hex("0000000a0000000102000a08080d1204626f6f6d"));

  REQUIRE(got.size() == 1);
  CHECK(got[0].code == errc::internal);
  CHECK(got[0].message == "boom");
}

TEST_CASE("a failure's sentence need not be UTF-8") {
  client_session session;
  make_call(session);

  const auto got
    = receive(session, from_hex("0000000a0000000102000a08080d1204626fff6d"));

  REQUIRE(got.size() == 1);
  CHECK(got[0].code == errc::internal);
  CHECK(got[0].message == "bo\xffm");
}

TEST_CASE("a reply nobody waits for is counted and ignored") {
  client_session session;
  make_call(session);

  CHECK(receive(session, success(7, "never asked")).empty());
  CHECK(receive(session, success(1, "first")).size() == 1);
  CHECK(receive(session, success(1, "again")).empty());

  CHECK(session.stray_responses() == 2);
}

TEST_CASE("frames other than responses are ignored") {
  client_session session;
  make_call(session);

  CHECK(receive(session, from_hex("00000000000000010100 00000000000000010300"
                                  "00000000000000010900"))
          .empty());

  CHECK(session.outstanding() == 1);
  CHECK(session.stray_responses() == 0);
}

TEST_CASE("where strays are refused, each ends the connection") {
  using session_limits = client_session::limits;
  const session_limits strict{1024, client_session::strays::refuse};
  const std::string text(2000, 'x');
  const auto refused = [&strict](const bytes& data) {
    client_session session{strict};
    make_call(session);
    CHECK(receive(session, success(1, "fine")).size() == 1);
    make_call(session);
    const auto got = session.receive(data);
    return !got && got.err().code == errc::unavailable;
  };
  CHECK(refused(success(7, "never asked")));
  CHECK(refused(success(2, "even")));
  CHECK(refused(success(1, "again")));
  // A request, data and a type of tomorrow, with the id of the call.
  CHECK(refused(from_hex("00000000000000030100")));
  CHECK(refused(from_hex("00000000000000030300")));
  CHECK(refused(from_hex("00000000000000030900")));
  // Of what is too large, the header is enough.
  CHECK(refused(from_hex("00000401000000030200")));
  CHECK_FALSE(refused(from_hex("00000400000000030200")));
  CHECK_FALSE(refused(success(3, "the answer")));
}

TEST_CASE("a call expires at its deadline, not before") {
  client_session session;
  make_call(session, 10s);
  make_call(session);
  make_call(session, 5s);
  CHECK(session.next_deadline() == start + 5s);

  CHECK(session.expire(start + 5s - 1ns).empty());
  CHECK(session.expire(start + 5s) == std::vector<std::uint32_t>{5});
  CHECK(session.next_deadline() == start + 10s);
  CHECK(session.expire(start + 1h) == std::vector<std::uint32_t>{1});

  CHECK_FALSE(session.next_deadline());
  CHECK(session.outstanding() == 1);
}

TEST_CASE("an answer after the deadline is late, one before ends it") {
  client_session session;
  make_call(session, 5s);
  make_call(session, 5s);
  CHECK(receive(session, success(3, "in time")).size() == 1);

  CHECK(session.expire(start + 6s) == std::vector<std::uint32_t>{1});
  CHECK(receive(session, success(1, "late")).empty());

  CHECK(session.stray_responses() == 1);
}

TEST_CASE("a timeout beyond the end of time is none") {
  client_session session;
  make_call(session, std::chrono::nanoseconds::max(), start + 1h);
  CHECK_FALSE(session.next_deadline());
}

TEST_CASE("abandoning gives up every call") {
  client_session session;
  make_call(session, 5s);
  make_call(session);

  CHECK(session.abandon_all() == std::vector<std::uint32_t>{1, 3});

  CHECK(session.outstanding() == 0);
  CHECK_FALSE(session.next_deadline());
  CHECK(session.abandon_all().empty());
}

TEST_CASE("a call that is too large is refused and takes no id") {
  client_session session;
  const bytes data(max_frame_payload, 'x');

  const auto refused = session.call("s", "m", {data}, 0ns, start);

  REQUIRE_FALSE(refused);
  CHECK(refused.err().code == errc::resource_exhausted);
  CHECK(session.take_output().empty());
  CHECK(session.outstanding() == 0);
  CHECK(make_call(session) == 1);
}

TEST_CASE("an answer that is too large fails its call only") {
  client_session session;
  make_call(session);
  make_call(session);
  auto data = from_hex("00400001000000010200");
  data.resize(data.size() + max_frame_payload + 1);
  const auto more = success(3, "fine");
  data.insert(data.end(), more.begin(), more.end());

  const auto got = receive(session, data);

  REQUIRE(got.size() == 2);
  CHECK(got[0].stream == 1);
  CHECK(got[0].code == errc::resource_exhausted);
  CHECK(as_text(got[1].payload) == "fine");
}

TEST_CASE("an answer that is no response fails its call only") {
  client_session session;
  make_call(session);

  const auto got = receive(session, from_hex("000000020000000102000aff"));

  REQUIRE(got.size() == 1);
  CHECK(got[0].code == errc::internal);
  CHECK(got[0].message == "the response cannot be decoded");
}

TEST_CASE("a peer that speaks something else is found out") {
  client_session session;
  make_call(session);

  const auto got = session.receive(as_bytes("HTTP/1.1 400 Bad Request\r\n"));

  REQUIRE_FALSE(got);
  CHECK(got.err().code == errc::unavailable);
}

TEST_SUITE_END();
