// SPDX-License-Identifier: Apache-2.0
#include "tests/gameday/game_day.hpp"

#include <csignal>
#include <doctest/doctest.h>
#include <string>

using namespace fsshare::test;

namespace {

const injected_trouble hung_guest{"hung guest"};
const injected_trouble denied_policy{"denied policy"};
const injected_trouble full_guest{"full guest"};

constexpr std::uint64_t little = 1U << 20;
constexpr std::uint64_t enough = 8U << 20;

} // namespace

TEST_SUITE_BEGIN("gameday/guests");

TEST_CASE("a guest that hangs is named, and is current when it goes on") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  game_day day;
  day.check(hung_guest, [&day] {
    day.guest.process().stop();
    day.rotate("second");
  });
  day.guest.process().signal(SIGCONT);
  day.check_cured(hung_guest);
}

TEST_CASE(
  "a guest's policy that denies copies is named, and copies are current "
  "when it allows them") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  game_day day;
  day.check(denied_policy, [&day] {
    day.guest.restart({"--deny-after", "1"});
    day.rotate("second");
  });
  day.guest.restart();
  day.check_cured(denied_policy);
}

TEST_CASE(
  "a guest that is full is named, and its copy is current when there is "
  "room") {
  if (const auto missing = missing_for_game_day(); !missing.empty()) {
    MESSAGE("skipped: ", missing);
    return;
  }
  game_day day{{.guest_bytes = little}};
  day.check(full_guest, [&day] {
    day.rotate(std::string(2 * little, 'x'));
  });
  resize_room(day.guest.root(), enough);
  day.check_cured(full_guest);
}
