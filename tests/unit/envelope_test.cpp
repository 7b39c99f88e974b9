// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/envelope.hpp"

#include "tests/support/hex.hpp"
#include "ttrpc/frame.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::ttrpc;
using namespace std::chrono_literals;
using test::from_hex;
using test::to_hex;

namespace {

std::string response_hex(success_encoding encoding, errc code,
                         std::string_view message, byte_view payload) {
  bytes out;
  append_response(out, 1, encoding, code, message, payload);
  return to_hex(out);
}

constexpr auto go = success_encoding::without_status;
constexpr auto rust = success_encoding::empty_status;

} // namespace

TEST_SUITE_BEGIN("ttrpc/envelope");

TEST_CASE("a request has the bytes that protoc makes") {
  bytes out;
  REQUIRE(append_request(out, {1, "grpc.Health", "Check", 30s}, {}));
  CHECK(to_hex(out)
        == "0000001a0000000101000a0b677270632e4865616c74681205436865636b"
           "2080d88ee16f");
}

TEST_CASE("a CopyFile has the bytes that protoc makes, in parts or not") {
  const auto head
    = from_hex("0a3b2f72756e2f6b6174612d636f6e7461696e6572732f7368617265642f"
               "636f6e7461696e6572732f632d303031313232333334343535363637372d66"
               "100518a4830220e883808008");
  const auto tag = from_hex("4205");
  const auto wanted = "00000076000000010100"
                      "0a11677270632e4167656e7453657276696365"
                      "1208436f707946696c651a50"
                      + to_hex(head) + "420568656c6c6f2080b09dc2df01";
  bytes out;
  REQUIRE(append_request(out, {1, "grpc.AgentService", "CopyFile", 60s},
                         {head, tag, as_bytes("hello")}));
  CHECK(to_hex(out) == wanted);

  auto joined = head;
  joined.insert(joined.end(), tag.begin(), tag.end());
  joined.insert(joined.end(), {'h', 'e', 'l', 'l', 'o'});
  bytes again;
  REQUIRE(
    append_request(again, {1, "grpc.AgentService", "CopyFile", 60s}, {joined}));
  CHECK(again == out);
}

TEST_CASE("requests are appended to what is there") {
  bytes out{0xee};
  REQUIRE(append_request(out, {3, "s", "m", 0ns}, {}));
  CHECK(to_hex(out) == "ee000000060000000301000a017312016d");
}

TEST_CASE("a request of more than 4 MiB is refused and nothing written") {
  // service, method and the payload's tag and length take 3 + 3 + 5 bytes.
  const bytes largest(max_frame_payload - 11, 'x');
  bytes out;
  REQUIRE(append_request(out, {1, "s", "m", 0ns}, {largest}));
  CHECK(out.size() == frame_header_size + max_frame_payload);

  bytes kept{1};
  const auto refused
    = append_request(kept, {3, "s", "m", 0ns}, {largest, as_bytes("x")});
  REQUIRE_FALSE(refused);
  CHECK(refused.err().code == errc::resource_exhausted);
  CHECK(refused.err().message
        == "request m of 4194305 bytes is larger than a frame of 4194304 "
           "bytes");
  CHECK(kept == bytes{1});
}

TEST_CASE("responses have the bytes of the Go and the Rust servers") {
  CHECK(response_hex(go, errc::none, "", {}) == "00000000000000010200");
  CHECK(response_hex(rust, errc::none, "", {}) == "000000020000000102000a00");
  CHECK(response_hex(rust, errc::none, "", from_hex("0801"))
        == "000000060000000102000a0012020801");
  CHECK(response_hex(go, errc::none, "", from_hex("0801"))
        == "0000000400000001020012020801");
  for (const auto encoding : {go, rust})
    CHECK(response_hex(encoding, errc::internal, "boom", from_hex("0801"))
          == "0000000a0000000102000a08080d1204626f6f6d");
}

TEST_CASE("a failure without a sentence has its code only") {
  CHECK(response_hex(go, errc::unknown, "", {})
        == "000000040000000102000a020802");
}

TEST_CASE("a response of more than 4 MiB becomes a failure") {
  // The payload's tag and length take 5 bytes, an empty status two.
  const bytes largest(max_frame_payload - 7, 'x');
  bytes fits;
  append_response(fits, 1, rust, errc::none, "", largest);
  CHECK(fits.size() == frame_header_size + max_frame_payload);

  bytes out;
  append_response(out, 1, rust, errc::none, "",
                  bytes(max_frame_payload - 6, 'x'));
  const auto read = decode_response(byte_view{out}.subspan(frame_header_size));
  REQUIRE(read);
  CHECK(read->code == errc::resource_exhausted);
  CHECK(read->message
        == "response of 4194305 bytes is larger than a frame of 4194304 bytes");
}

TEST_CASE("an endless sentence is cut") {
  bytes out;
  append_response(out, 1, go, errc::internal, std::string(5'000'000, 'x'), {});
  const auto read = decode_response(byte_view{out}.subspan(frame_header_size));
  REQUIRE(read);
  CHECK(read->message == std::string(65'536, 'x'));
}

TEST_CASE("a request is read back") {
  bytes out;
  REQUIRE(append_request(out, {9, "a.B", "C", 5ns}, {as_bytes("data")}));

  const auto read
    = decode_request(9, byte_view{out}.subspan(frame_header_size));

  REQUIRE(read);
  CHECK(read->stream == 9);
  CHECK(read->service == "a.B");
  CHECK(read->method == "C");
  CHECK(as_text(read->payload) == "data");
  CHECK(read->timeout == 5ns);
}

TEST_CASE("a request may lack everything and carry more") {
  const auto empty = decode_request(1, {});
  REQUIRE(empty);
  CHECK(empty->service.empty());
  CHECK(empty->timeout == 0ns);
  // Field 5, metadata, and field 99, which nobody knows.
  const auto more
    = decode_request(1, from_hex("0a0173 2a060a016b120176 9a060178"));
  REQUIRE(more);
  CHECK(more->service == "s");
  CHECK(more->trace_id.empty());
  CHECK_FALSE(decode_request(1, from_hex("ffffffff")));
}

TEST_CASE("a response is a success without a status or with code 0") {
  for (const auto* text : {"", "0a00", "0a020800", "0a021200"}) {
    const auto read = decode_response(from_hex(text));
    REQUIRE(read);
    CHECK(read->code == errc::none);
    CHECK(read->payload.empty());
  }
  const auto full = decode_response(from_hex("0a0012020801"));
  REQUIRE(full);
  CHECK(full->payload == from_hex("0801"));
}

TEST_CASE("a response with a code is a failure without a payload") {
  const auto read = decode_response(from_hex("0a08080d1204626f6f6d12020801"));
  REQUIRE(read);
  CHECK(read->code == errc::internal);
  CHECK(read->message == "boom");
  CHECK(read->payload.empty());
  CHECK(decode_response(from_hex("0a020863"))->code == errc::unknown);
  CHECK_FALSE(decode_response(from_hex("0aff")));
}

TEST_SUITE_END();
