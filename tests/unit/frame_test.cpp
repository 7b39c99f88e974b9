// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/frame.hpp"

#include "tests/support/hex.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace fsshare;
using namespace fsshare::ttrpc;
using test::from_hex;

namespace {

bytes make_frame(std::uint32_t stream, std::uint8_t type,
                 const bytes& payload) {
  const auto head = encode_frame_header(
    {static_cast<std::uint32_t>(payload.size()), stream, type, 0});
  bytes out(head.begin(), head.end());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

void append(bytes& to, const bytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

bool same(const std::vector<frame>& x, const std::vector<frame>& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](const frame& a, const frame& b) {
                      return a.header == b.header && a.payload == b.payload;
                    });
}

void append(std::vector<frame>& to, std::vector<frame> more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

/// Three frames, one of them empty.
bytes example() {
  auto out = make_frame(1, request_frame, from_hex("0102030405"));
  append(out, make_frame(3, response_frame, {}));
  append(out, make_frame(0xfffffffd, 9, from_hex("ff")));
  return out;
}

} // namespace

TEST_SUITE_BEGIN("ttrpc/frame");

TEST_CASE("a header has ten bytes, numbers with the high byte first") {
  const frame_header header{0x00123456, 0x0a0b0c0d, 2, 0x07};

  const auto written = encode_frame_header(header);

  CHECK(test::to_hex(written) == "001234560a0b0c0d0207");
  CHECK(decode_frame_header(written) == header);
}

TEST_CASE("frames come out whole, wherever the bytes are split") {
  const auto sent = example();
  const auto whole = frame_decoder{}.receive(sent);
  REQUIRE(whole.size() == 3);
  CHECK(whole[0].payload == from_hex("0102030405"));
  CHECK(whole[1].payload.empty());
  CHECK(whole[2].header == frame_header{1, 0xfffffffd, 9, 0});
  const byte_view all{sent};
  for (std::size_t at = 0; at <= sent.size(); ++at) {
    frame_decoder decoder;
    auto got = decoder.receive(all.first(at));
    append(got, decoder.receive(all.subspan(at)));
    CHECK(same(got, whole));
    CHECK_FALSE(decoder.is_inside_frame());
  }
}

TEST_CASE("frames come out whole, byte by byte") {
  const auto sent = example();
  frame_decoder decoder;
  std::vector<frame> got;
  for (const auto& byte : sent)
    append(got, decoder.receive({&byte, 1}));
  CHECK(same(got, frame_decoder{}.receive(sent)));
}

TEST_CASE("a frame is known to be unfinished until its last byte") {
  const auto sent = make_frame(1, request_frame, from_hex("0102"));
  frame_decoder decoder;
  CHECK_FALSE(decoder.is_inside_frame());
  for (std::size_t at = 0; at + 1 < sent.size(); ++at) {
    CHECK(decoder.receive({&sent[at], 1}).empty());
    CHECK(decoder.is_inside_frame());
  }
  CHECK(decoder.receive({&sent.back(), 1}).size() == 1);
  CHECK_FALSE(decoder.is_inside_frame());
}

TEST_CASE("a frame of 4 MiB is the largest") {
  const auto sent = make_frame(1, request_frame, bytes(max_frame_payload, 7));

  const auto got = frame_decoder{}.receive(sent);

  REQUIRE(got.size() == 1);
  CHECK_FALSE(got[0].is_oversize());
  CHECK(got[0].payload.size() == 4'194'304);
}

TEST_CASE("a larger frame is reported at its header and then skipped") {
  auto sent = make_frame(5, request_frame, bytes(max_frame_payload + 1, 0xff));
  append(sent, make_frame(7, request_frame, from_hex("aa")));
  const byte_view all{sent};
  frame_decoder decoder;

  const auto first = decoder.receive(all.first(10));
  REQUIRE(first.size() == 1);
  CHECK(first[0].is_oversize());
  CHECK(first[0].header.stream == 5);
  CHECK(first[0].payload.empty());
  CHECK(decoder.is_inside_frame());

  CHECK(decoder.receive(all.subspan(10, 4'000'000)).empty());
  const auto rest = decoder.receive(all.subspan(4'000'010));
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].header.stream == 7);
  CHECK(rest[0].payload == from_hex("aa"));
  CHECK_FALSE(decoder.is_inside_frame());
}

TEST_CASE("random frames in random pieces come out as they went in") {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random{seed};
    bytes sent;
    std::vector<frame> wanted;
    for (int i = 0; i < 20; ++i) {
      bytes payload(random() % 300);
      for (auto& byte : payload)
        byte = static_cast<std::uint8_t>(random());
      const auto stream = static_cast<std::uint32_t>(random());
      const auto type = static_cast<std::uint8_t>(random());
      append(sent, make_frame(stream, type, payload));
      const auto size = static_cast<std::uint32_t>(payload.size());
      wanted.push_back({{size, stream, type, 0}, payload});
    }
    frame_decoder decoder;
    std::vector<frame> got;
    for (byte_view left{sent}; !left.empty();) {
      const auto n = std::min<std::size_t>(random() % 97, left.size());
      append(got, decoder.receive(left.first(n)));
      left = left.subspan(n);
    }
    INFO("seed ", seed);
    CHECK(same(got, wanted));
  }
}

TEST_CASE("random bytes never break the decoder") {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random{seed};
    frame_decoder decoder;
    std::size_t decoded = 0;
    std::size_t given = 0;
    for (int i = 0; i < 200; ++i) {
      bytes noise(random() % 64);
      for (auto& byte : noise)
        byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : 0;
      given += noise.size();
      for (const auto& got : decoder.receive(noise))
        decoded += got.payload.size();
    }
    INFO("seed ", seed);
    CHECK(decoded <= given);
  }
}

TEST_SUITE_END();
