// SPDX-License-Identifier: Apache-2.0
#include "core/net/answer_patience.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;
using verdict = answer_patience::verdict;

namespace {

constexpr answer_patience::time_point start{1h};

} // namespace

TEST_SUITE_BEGIN("core/net/answer_patience");

TEST_CASE("a guest that owes answers and is silent is asked, then given up") {
  answer_patience patience{60s};
  CHECK_FALSE(patience.due());
  CHECK(patience.at(start + 1h) == verdict::wait);
  patience.sent(start);
  CHECK(patience.at(start + 999ms) == verdict::wait);
  REQUIRE(patience.due() == start + 1s);
  CHECK_FALSE(patience.is_asked());
  CHECK(patience.at(start + 1s) == verdict::ask);
  CHECK(patience.is_asked());
  CHECK(patience.at(start + 3999ms) == verdict::wait);
  REQUIRE(patience.due() == start + 4s);
  CHECK(patience.at(start + 4s) == verdict::give_up);
  CHECK_FALSE(patience.is_asked());
  CHECK_FALSE(patience.due());
  CHECK(patience.at(start + 1h) == verdict::wait);
}

TEST_CASE("whatever a guest sends is a sign of life") {
  answer_patience patience{60s};
  patience.sent(start);
  patience.heard(start + 900ms, true);
  CHECK(patience.at(start + 1s) == verdict::wait);
  CHECK(patience.at(start + 1900ms) == verdict::ask);
  patience.heard(start + 4s, true);
  CHECK(patience.at(start + 4900ms) == verdict::wait);
  CHECK(patience.at(start + 5s) == verdict::ask);
  SUBCASE("a request that is sent is none") {
    patience.sent(start + 7s);
    CHECK(patience.at(start + 8s) == verdict::give_up);
  }
  SUBCASE("who owes nothing may be silent for ever") {
    patience.heard(start + 7s, false);
    CHECK_FALSE(patience.due());
    CHECK(patience.at(start + 10h) == verdict::wait);
  }
}

TEST_CASE("a guest that was given up gets twice the time, up to the limit of a "
          "request") {
  answer_patience patience{20s};
  auto now = start;
  for (const auto limit : {3s, 6s, 12s, 20s, 20s}) {
    patience.sent(now);
    now += answer_patience::until_asked;
    REQUIRE(patience.at(now) == verdict::ask);
    CHECK(patience.at(now + limit - 1ms) == verdict::wait);
    now += limit;
    CHECK(patience.at(now) == verdict::give_up);
  }
}

TEST_CASE(
  "a connection that ends takes its silence along, not what was learned "
  "of the guest") {
  answer_patience patience{60s};
  patience.sent(start);
  REQUIRE(patience.at(start + 1s) == verdict::ask);
  patience.ended();
  CHECK_FALSE(patience.due());
  patience.sent(start + 2s);
  REQUIRE(patience.at(start + 3s) == verdict::ask);
  // It had not been given up.
  CHECK(patience.due() == start + 6s);
  REQUIRE(patience.at(start + 6s) == verdict::give_up);
  patience.sent(start + 7s);
  REQUIRE(patience.at(start + 8s) == verdict::ask);
  CHECK(patience.due() == start + 14s);
}

TEST_SUITE_END();
