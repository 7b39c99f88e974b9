// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/blocking_client.hpp"

#include "tests/support/temp_dir.hpp"
#include "tests/support/ttrpc_server.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;
using namespace std::chrono_literals;
using test::temp_dir;
using ttrpc::blocking_client;
using ttrpc::server_rules;

namespace {

bytes answer(const ttrpc::server_session& session, const ttrpc::request& call) {
  if (call.service != "test.Echo")
    return session.respond(call.stream, session.unknown_service(call));
  if (call.method == "Echo")
    return session.respond(call.stream, errc::none, "", call.payload);
  if (call.method == "Silence")
    return {};
  return session.respond(call.stream, session.unknown_method(call));
}

struct fixture {
  temp_dir dir;
  guest_address address{address_scheme::unix_socket, dir / "s", 0, 0};
  test::ttrpc_server server{address, server_rules::go, answer};

  blocking_client connect() const {
    auto client = blocking_client::connect(address);
    REQUIRE(client);
    return *std::move(client);
  }
};

std::string echo(blocking_client& client, std::string_view text) {
  const auto got = client.call("test.Echo", "Echo", as_bytes(text), 20s);
  INFO((got ? std::string{} : got.err().message));
  REQUIRE(got);
  return std::string{as_text(*got)};
}

} // namespace

TEST_SUITE_BEGIN("ttrpc/blocking_client");

TEST_CASE_FIXTURE(fixture, "calls are answered one after the other") {
  auto client = connect();
  CHECK(echo(client, "one") == "one");
  CHECK(echo(client, "") == "");
  CHECK(echo(client, "two") == "two");
}

TEST_CASE_FIXTURE(fixture, "megabytes go and come back") {
  auto client = connect();
  const std::string text(4'000'000, 'x');
  CHECK(echo(client, text) == text);
}

TEST_CASE_FIXTURE(fixture, "a failure that the server tells is returned") {
  auto client = connect();

  const auto got = client.call("test.Echo", "Nothing", {}, 20s);

  REQUIRE_FALSE(got);
  CHECK(got.err() == error{errc::unimplemented, "method Nothing"});
  CHECK(echo(client, "still usable") == "still usable");
}

TEST_CASE_FIXTURE(fixture, "no answer in time is a deadline") {
  auto client = connect();

  const auto got = client.call("test.Echo", "Silence", {}, 20ms);

  REQUIRE_FALSE(got);
  CHECK(got.err().code == errc::deadline_exceeded);
  CHECK(client.has_timed_out());
  CHECK(got.err().message
        == "call Silence: read from " + to_string(address)
             + ": nothing happened in time");
  CHECK(echo(client, "still usable") == "still usable");
}

TEST_CASE_FIXTURE(fixture, "a call that is too large is refused") {
  auto client = connect();

  const auto got
    = client.call("test.Echo", "Echo", bytes(ttrpc::max_frame_payload), 20s);

  REQUIRE_FALSE(got);
  CHECK(got.err().code == errc::resource_exhausted);
  CHECK(echo(client, "still usable") == "still usable");
}

TEST_CASE("an address where nobody listens is unavailable") {
  const temp_dir dir;
  const auto got = blocking_client::connect(
    {address_scheme::unix_socket, dir / "none", 0, 0});

  REQUIRE_FALSE(got);
  CHECK(got.err()
        == error{errc::unavailable, "connect unix://" + (dir / "none")
                                      + ": No such file or directory"});
}

TEST_CASE("an address that is no unix socket is refused") {
  const auto got
    = blocking_client::connect({address_scheme::vsock, "", 3, 1024});

  REQUIRE_FALSE(got);
  CHECK(got.err().code == errc::invalid_argument);
}

TEST_CASE("a lost connection stays lost") {
  const temp_dir dir;
  const guest_address address{address_scheme::unix_socket, dir / "s", 0, 0};
  io_loop loop;
  // Every client is dropped at once.
  const auto listener = socket_listener::open(
    loop, address, {}, [](const byte_stream_ptr& stream, auto) {
      stream->close();
    });
  REQUIRE(listener);
  auto client = blocking_client::connect(address);
  REQUIRE(client);

  for (int i = 0; i < 2; ++i) {
    const auto got = client->call("test.Echo", "Echo", {}, 20s);
    REQUIRE_FALSE(got);
    CHECK(got.err().code == errc::unavailable);
  }
}

TEST_SUITE_END();
