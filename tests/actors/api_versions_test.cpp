// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.hpp"

#include <string>

#include <doctest/doctest.h>

namespace fsshare::test {

namespace {

using fixture = api_fixture;

// As protobuf writes it: a field of text, whose number the proto does not have.
std::string unknown_text(const std::string& text) {
  // Field 1000, with a length.
  return std::string{"\xc2\x3e"} + static_cast<char>(text.size()) + text;
}

} // namespace

TEST_SUITE_BEGIN("actors/api_server: versions");

TEST_CASE_FIXTURE(fixture, "a client that speaks an older proto has what it "
                           "asks for, and nothing is made up") {
  auto client = connect();
  // The fields 1 to 3 alone, byte by byte: sandbox_id, mode, guest.address.
  const std::string payload{"\x0a\x04sb-1\x10\x02\x1a\x0b\x0a\x09unix:///g"};
  REQUIRE(call(client, "Prepare", payload).code == errc::none);
  prepare_request asked;
  asked.sandbox_id = "sb-1";
  asked.mode = sharing_mode::copy;
  asked.guest_address = "unix:///g";
  CHECK(script->asked<prepare_request>() == asked);
}

TEST_CASE_FIXTURE(fixture, "of a client that speaks a newer proto the fields "
                           "that are known are taken") {
  auto client = connect();
  auto request = good_prepare();
  request.mutable_guest()->set_memory_bytes(7);
  (*request.mutable_labels())["pod"] = "web-0";
  auto payload = request.SerializeAsString() + unknown_text("of tomorrow");
  // Another part of `guest`, which protobuf merges with the first.
  const auto inner = unknown_text("x");
  payload += '\x1a';
  payload += static_cast<char>(inner.size());
  payload += inner;
  REQUIRE(call(client, "Prepare", payload).code == errc::none);
  const auto& asked = script->asked<prepare_request>();
  CHECK(asked.guest_address == "unix:///run/guest.sock");
  CHECK(asked.guest_memory_bytes == 7);
  CHECK(asked.labels == label_map{{"pod", "web-0"}});
}

TEST_CASE_FIXTURE(fixture, "a word of a newer proto is refused by its field, "
                           "and nothing is guessed") {
  auto client = connect();
  auto request = good_prepare();
  request.mutable_guest()->set_policy(static_cast<v1::GuestPolicy>(3));
  v1::SetGuestRequest told;
  told.set_sandbox_id("sb-1");
  *told.mutable_guest() = request.guest();
  for (const auto& got : {call(client, "Prepare", request.SerializeAsString()),
                          call(client, "SetGuest", told.SerializeAsString())}) {
    CHECK(got.code == errc::invalid_argument);
    CHECK_MESSAGE(got.message.find("guest.policy") == 0, got.message);
  }
  CHECK(script->calls.empty());
}

TEST_CASE_FIXTURE(fixture, "labels of up to 1 MiB are refused with a short "
                           "sentence, and so is a method of tomorrow") {
  auto client = connect();
  const auto refused_for = [&](std::size_t bytes, const std::string& words) {
    const std::string much(bytes, 'x');
    auto request = good_prepare();
    (*request.mutable_labels())["pod"] = much;
    auto other = good_prepare();
    (*other.mutable_labels())[much] = "web-0";
    for (const auto& each : {request, other}) {
      const auto got = call(client, "Prepare", each.SerializeAsString());
      CHECK(got.code == errc::invalid_argument);
      CHECK_MESSAGE(got.message.starts_with(words), got.message);
      CHECK(got.message.size() < 300);
    }
  };
  refused_for(std::size_t{1} << 19, "labels");
  refused_for(std::size_t{1} << 20, "the request has 10486");
  CHECK(
    call(client, "PrepareForTomorrow", good_prepare().SerializeAsString()).code
    == errc::unimplemented);
  CHECK(script->calls.empty());
}

TEST_SUITE_END();

} // namespace fsshare::test
