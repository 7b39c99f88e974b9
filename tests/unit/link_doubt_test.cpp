// SPDX-License-Identifier: Apache-2.0
#include "core/volume/link_doubt.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

constexpr link_doubt::time_point t0{1h};

} // namespace

TEST_SUITE_BEGIN("core/volume/link_doubt");

TEST_CASE("a link whose removal may come late is made again at growing "
          "intervals, until it can come no more") {
  link_doubt doubt;
  CHECK_FALSE(doubt.due_at("a"));
  doubt.lost("a", t0);
  CHECK_FALSE(doubt.due_at("b"));
  std::vector<std::chrono::nanoseconds> made;
  while (const auto due = doubt.due_at("a")) {
    made.push_back(*due - t0);
    doubt.made("a", *due);
    REQUIRE(made.size() < 20);
  }
  REQUIRE(made.size() > 8);
  CHECK(made.front() == 1s);
  for (std::size_t i = 1; i < made.size(); ++i)
    CHECK(made[i] == 2 * made[i - 1]);
  CHECK(made.back() >= link_doubt::lasts);
}

TEST_CASE("a link that nobody wants again is forgotten at last") {
  link_doubt doubt;
  doubt.lost("a", t0);
  doubt.lost("b", t0 + 19min);
  CHECK(doubt.due_at("a"));
  doubt.lost("b", t0 + 20min);
  CHECK_FALSE(doubt.due_at("a"));
}

TEST_SUITE_END();
