// SPDX-License-Identifier: Apache-2.0
#include "tests/rotations/history_player.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Of each case; there are several, so that CTest runs them side by side.
constexpr std::uint64_t histories = 300;

std::vector<std::string> play(std::uint64_t seed, guest::profile which,
                              const history& events) {
  chooser choose{~seed};
  history_player player{choose, which};
  player.play(events);
  player.settle();
  return player.complaints();
}

// Drops one event after the other as long as something is wrong without it.
history shrink(std::uint64_t seed, guest::profile which, history events) {
  for (auto n = events.size(); n-- > 0;) {
    auto fewer = events;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(n));
    if (!play(seed, which, fewer).empty())
      events = std::move(fewer);
  }
  return events;
}

void play_histories(guest::profile which, std::uint64_t part) {
  for_each_seed(
    histories,
    [which](chooser& choose) {
      const auto seed = choose.seed();
      const auto events = draw_history(choose);
      const auto wrong = play(seed, which, events);
      if (wrong.empty())
        return;
      const auto fewer = shrink(seed, which, events);
      INFO("complaint: ", wrong.front());
      INFO("history:\n", to_string(events));
      INFO("shrunk:\n", to_string(fewer));
      for (const auto& one : play(seed, which, fewer))
        MESSAGE("shrunk: ", one);
      FAIL("a random history went wrong");
    },
    1 + part * histories);
}

} // namespace

TEST_SUITE_BEGIN("rotations/random_history");

TEST_CASE("after random histories guests of 4.0 hold what the host has") {
  play_histories(guest::profile::v4_0, 0);
}

TEST_CASE(
  "after random histories, part 2, guests of 4.0 hold what the host has") {
  play_histories(guest::profile::v4_0, 1);
}

TEST_CASE(
  "after random histories, part 3, guests of 4.0 hold what the host has") {
  play_histories(guest::profile::v4_0, 2);
}

TEST_CASE(
  "after random histories, part 4, guests of 4.0 hold what the host has") {
  play_histories(guest::profile::v4_0, 3);
}

TEST_CASE("after random histories guests of 4.2 hold what the host has") {
  play_histories(guest::profile::v4_2, 0);
}

TEST_CASE(
  "after random histories, part 2, guests of 4.2 hold what the host has") {
  play_histories(guest::profile::v4_2, 1);
}

TEST_CASE(
  "after random histories, part 3, guests of 4.2 hold what the host has") {
  play_histories(guest::profile::v4_2, 2);
}

TEST_CASE(
  "after random histories, part 4, guests of 4.2 hold what the host has") {
  play_histories(guest::profile::v4_2, 3);
}

TEST_CASE("after random histories guests of 3.18 hold what the host has") {
  play_histories(guest::profile::v3_18, 0);
}

TEST_CASE(
  "after random histories, part 2, guests of 3.18 hold what the host has") {
  play_histories(guest::profile::v3_18, 1);
}

TEST_CASE(
  "after random histories, part 3, guests of 3.18 hold what the host has") {
  play_histories(guest::profile::v3_18, 2);
}

TEST_CASE(
  "after random histories, part 4, guests of 3.18 hold what the host has") {
  play_histories(guest::profile::v3_18, 3);
}

TEST_CASE("after random histories guests of 3.3 hold what the host has, and "
          "only listed leftovers") {
  play_histories(guest::profile::v3_3, 0);
}

TEST_CASE("after random histories, part 2, guests of 3.3 hold what the host "
          "has, and only listed leftovers") {
  play_histories(guest::profile::v3_3, 1);
}

TEST_CASE("after random histories, part 3, guests of 3.3 hold what the host "
          "has, and only listed leftovers") {
  play_histories(guest::profile::v3_3, 2);
}

TEST_CASE("after random histories, part 4, guests of 3.3 hold what the host "
          "has, and only listed leftovers") {
  play_histories(guest::profile::v3_3, 3);
}

TEST_SUITE_END();
