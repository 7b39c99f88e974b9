// SPDX-License-Identifier: Apache-2.0

#include "core/pacing.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/pacing");

TEST_CASE("each delay lies in the upper half of a range that doubles up to the "
          "longest") {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    backoff retry{{100ms, 1s}, seed};
    for (const auto range : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
      const auto delay = retry.next();
      CHECK(delay >= range / 2);
      CHECK(delay <= range);
    }
  }
}

TEST_CASE("delays of different seeds differ, those of one seed are the same") {
  std::set<std::chrono::nanoseconds> firsts;
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    backoff x{{100ms, 1s}, seed};
    backoff y{{100ms, 1s}, seed};
    const auto delay = x.next();
    CHECK(delay == y.next());
    firsts.insert(delay);
  }
  CHECK(firsts.size() > 40);
}

TEST_CASE("a reset forgets the failures and begins with the shortest again") {
  backoff retry{{100ms, 30s}, 7};
  CHECK(retry.failures() == 0);
  for (int n = 0; n < 5; ++n)
    retry.next();
  CHECK(retry.failures() == 5);
  CHECK(retry.next() > 1s);

  retry.reset();

  CHECK(retry.failures() == 0);
  CHECK(retry.next() <= 100ms);
  CHECK(retry.failures() == 1);
}

TEST_CASE("a range of no width waits that long, each time") {
  backoff retry{{0ns, 0ns}, 1};
  CHECK(retry.next() == 0ns);
  CHECK(retry.next() == 0ns);
}

TEST_SUITE_END();
