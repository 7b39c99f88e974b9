// SPDX-License-Identifier: Apache-2.0
#include "core/copy/file_shape.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace fsshare;

TEST_SUITE_BEGIN("core/copy/file_shape");

TEST_CASE("a file of holes alone is its first and its last byte") {
  CHECK(shape_with_holes(1'000'000, {}, 100)
        == file_shape{1'000'000, {{0, 1}, {999'999, 1}}});
  CHECK(shape_with_holes(1'000'000, {}, 100).sent_bytes() == 2);
  CHECK(file_shape{7}.sent_bytes() == 7);
}

TEST_CASE("small holes are data") {
  constexpr auto hole = smallest_hole;
  CHECK(shape_with_holes(3 * hole, {{0, 10}, {hole, 10}, {3 * hole - 1, 1}},
                         10 * hole)
        == file_shape{3 * hole, {{0, hole + 10}, {3 * hole - 1, 1}}});
}

TEST_CASE(
  "whatever a file's data is, it is sent whole and once, from the first "
  "byte to the last, in parts that are not too large") {
  std::mt19937 random{1};
  for (int n = 0; n < 2000; ++n) {
    const std::uint64_t size = 1 + random() % 2'000'000;
    std::vector<file_part> data;
    for (std::uint64_t at = random() % 300'000; at < size;) {
      const auto length
        = std::min<std::uint64_t>(random() % 200'000, size - at);
      data.push_back({at, length});
      at += length + 1 + random() % 300'000;
    }
    const std::uint64_t most = 1 + random() % 100'000;
    const auto shape = shape_with_holes(size, data, most);
    REQUIRE_FALSE(shape.parts.empty());
    CHECK(shape.parts.front().offset == 0);
    CHECK(shape.parts.back().end() == size);
    std::uint64_t end = 0;
    for (const auto& part : shape.parts) {
      CHECK(part.offset >= end);
      CHECK(part.length > 0);
      CHECK(part.length <= most);
      end = part.end();
    }
    for (const auto& range : data) {
      auto at = range.offset;
      for (const auto& part : shape.parts)
        if (part.offset <= at && at < part.end())
          at = part.end();
      CHECK(at >= range.end());
    }
  }
}

TEST_SUITE_END();
