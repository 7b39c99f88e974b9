// SPDX-License-Identifier: Apache-2.0
#include "core/volume/inotify_decoder.hpp"

#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

// Read from a watch of a volume's root on x86-64 (Linux 6.1) while a kubelet's
// writer changed one key, added k3, deleted k2 and then set the owner of all.
constexpr std::string_view rotation
  = "010000000400004000000000200000002e2e323032365f30315f30325f30305f30305f"
    "30322e31303030303030303200"
    "0100000080000000336a0000100000002e2e6461746100000000000000000000"
    "010000000002000000000000100000006b320000000000000000000000000000"
    "010000000002004000000000200000002e2e323032365f30315f30325f30305f30305f"
    "30312e31303030303030303100"
    "01000000040000400000000000000000";

std::uint8_t nibble(char c) {
  return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

bytes from_hex(std::string_view text) {
  bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(
      static_cast<std::uint8_t>(nibble(text[i]) << 4 | nibble(text[i + 1])));
  return out;
}

bytes encode(const inotify_event& event) {
  const auto padded = event.name.empty() ? 0 : event.name.size() / 16 * 16 + 16;
  bytes out(inotify_header_bytes + padded);
  const auto length = static_cast<std::uint32_t>(padded);
  std::memcpy(out.data(), &event.wd, 4);
  std::memcpy(out.data() + 4, &event.mask, 4);
  std::memcpy(out.data() + 8, &event.cookie, 4);
  std::memcpy(out.data() + 12, &length, 4);
  std::memcpy(out.data() + inotify_header_bytes, event.name.data(),
              event.name.size());
  return out;
}

} // namespace

TEST_SUITE_BEGIN("core/volume/inotify_decoder");

TEST_CASE("a recorded rotation decodes event by event") {
  using namespace inotify_mask;

  const auto decoded = decode_inotify(from_hex(rotation));

  CHECK(decoded.complete);
  REQUIRE(decoded.events.size() == 5);
  CHECK(decoded.events[0]
        == inotify_event{1, attrib | is_directory, 0,
                         "..2026_01_02_00_00_02.100000002"});
  CHECK(decoded.events[1] == inotify_event{1, moved_to, 0x6a33, "..data"});
  CHECK(decoded.events[2] == inotify_event{1, removed, 0, "k2"});
  CHECK(decoded.events[3]
        == inotify_event{1, removed | is_directory, 0,
                         "..2026_01_02_00_00_01.100000001"});
  CHECK(decoded.events[4] == inotify_event{1, attrib | is_directory, 0, ""});
}

TEST_CASE("no bytes are no events") {
  const auto decoded = decode_inotify({});

  CHECK(decoded.complete);
  CHECK(decoded.events.empty());
}

TEST_CASE("whole events before a cut one are kept, and the cut is noticed") {
  const auto whole = from_hex(rotation);
  const std::size_t boundaries[] = {0, 48, 80, 112, 160, 176};
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    const auto decoded = decode_inotify(byte_view{whole}.first(size));
    std::size_t events = 0;
    bool at_boundary = size == 0;
    for (std::size_t i = 1; i < std::size(boundaries); ++i) {
      events += boundaries[i] <= size ? 1 : 0;
      at_boundary |= boundaries[i] == size;
    }
    CHECK(decoded.events.size() == events);
    CHECK(decoded.complete == at_boundary);
  }
}

TEST_CASE("a length beyond the bytes is a cut event, whatever it is") {
  auto data = encode({1, inotify_mask::removed, 0, "k"});
  const std::uint32_t huge = 0xffffffffU;
  std::memcpy(data.data() + 12, &huge, 4);

  const auto decoded = decode_inotify(data);

  CHECK_FALSE(decoded.complete);
  CHECK(decoded.events.empty());
}

TEST_CASE("a name without a terminating NUL ends with its field") {
  auto data = encode({7, inotify_mask::removed, 0, "0123456789abcde"});
  data.back() = 'f';

  const auto decoded = decode_inotify(data);

  REQUIRE(decoded.events.size() == 1);
  CHECK(decoded.events[0].name == "0123456789abcdef");
}

TEST_CASE("random bytes decode to events that lie within them") {
  std::mt19937_64 random{20260102};
  for (int round = 0; round < 2000; ++round) {
    CAPTURE(round);
    bytes data(random() % 200);
    // Mostly small numbers, so that lengths are often plausible.
    for (auto& byte : data)
      byte = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 24 : 0);
    const auto decoded = decode_inotify(data);
    std::size_t least = 0;
    for (const auto& event : decoded.events)
      least += inotify_header_bytes + event.name.size();
    CHECK(least <= data.size());
    CHECK((decoded.complete || decoded.events.size() * 16 < data.size()));
  }
}

TEST_CASE("random events come back from their bytes") {
  std::mt19937_64 random{20260103};
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    bytes data;
    std::vector<inotify_event> expected;
    for (auto n = random() % 6; n > 0; --n) {
      expected.push_back({static_cast<int>(random() % 100) - 1,
                          static_cast<std::uint32_t>(random()),
                          static_cast<std::uint32_t>(random()),
                          std::string(random() % 256, 'n')});
      const auto more = encode(expected.back());
      data.insert(data.end(), more.begin(), more.end());
    }
    const auto decoded = decode_inotify(data);
    CHECK(decoded.complete);
    CHECK(decoded.events == expected);
  }
}

TEST_SUITE_END();
