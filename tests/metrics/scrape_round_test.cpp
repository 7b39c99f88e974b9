// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/scrape_round.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace fsshare;

TEST_SUITE_BEGIN("core/metrics/scrape_round");

namespace {

using ids = std::vector<scrape_round::id>;
using actors = std::map<std::string, bool>;

} // namespace

TEST_CASE("a scrape is complete when all have answered") {
  scrape_round round;
  round.add(1, "a");
  round.add(2, "b");
  CHECK(round.begin() == ids{1, 2});
  CHECK_FALSE(round.is_complete());
  round.answered(2);
  CHECK(round.actors() == actors{{"a", false}, {"b", true}});
  round.answered(1);
  CHECK(round.is_complete());
  CHECK(round.actors() == actors{{"a", true}, {"b", true}});
}

TEST_CASE("who owes an answer is not asked again, and is missed until then") {
  scrape_round round;
  round.add(1, "a");
  round.add(2, "b");
  round.begin();
  round.answered(2);
  CHECK(round.begin() == ids{2});
  round.answered(2);
  CHECK_FALSE(round.is_complete());
  // The answer to the first question.
  round.answered(1);
  CHECK(round.is_complete());
  CHECK(round.begin() == ids{1, 2});
}

TEST_CASE("one of several that does not answer is told for all of that name") {
  scrape_round round;
  round.add(1, "a");
  round.add(2, "a");
  round.begin();
  round.answered(1);
  CHECK(round.actors() == actors{{"a", false}});
}

TEST_CASE("who has ended is not missed") {
  scrape_round round;
  round.add(1, "a");
  round.add(2, "b");
  round.begin();
  round.answered(1);
  round.remove(2);
  CHECK(round.is_complete());
  CHECK(round.actors() == actors{{"a", true}});
  round.answered(2);
  CHECK(round.begin() == ids{1});
}

TEST_CASE("without actors a scrape is complete at once") {
  scrape_round round;
  CHECK(round.begin().empty());
  CHECK(round.is_complete());
}
