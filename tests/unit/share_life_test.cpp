// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_life.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

namespace {

using namespace fsshare;

using event = std::function<share_step(share_life&)>;

share_step begins(share_life& life) {
  life.making();
  return share_step::nothing;
}

share_step succeeds(share_life& life) {
  return life.made(true);
}

share_step fails(share_life& life) {
  return life.made(false);
}

share_step ends(share_life& life) {
  return life.end();
}

share_step ends_at_once(share_life& life) {
  return life.end_at_once();
}

share_step is_gone(share_life& life) {
  return life.taken_away(true);
}

share_step stays(share_life& life) {
  return life.taken_away(false);
}

/// Makes one in the given phase.
share_life in(share_phase phase) {
  share_life life;
  if (phase != share_phase::admitted)
    life.making();
  if (phase == share_phase::ready)
    life.made(true);
  if (phase == share_phase::unwanted)
    life.end();
  if (phase == share_phase::leaving)
    life.end_at_once();
  REQUIRE(life.phase() == phase);
  return life;
}

struct edge {
  share_phase from;
  event what;
  share_phase to;
  share_step step;
};

TEST_SUITE_BEGIN("unit: the life of a share");

TEST_CASE("each edge of the table leads where it says, and what it lacks "
          "changes nothing") {
  using enum share_phase;
  using enum share_step;
  const std::vector<edge> table{
    {admitted, begins, making, nothing},
    {admitted, succeeds, ready, nothing},
    {admitted, fails, admitted, forget},
    {admitted, ends, leaving, forget},
    {admitted, ends_at_once, leaving, forget},
    {admitted, is_gone, admitted, nothing},
    {admitted, stays, admitted, nothing},
    {making, begins, making, nothing},
    {making, succeeds, ready, nothing},
    {making, fails, making, forget},
    {making, ends, unwanted, nothing},
    {making, ends_at_once, leaving, take_away},
    {making, is_gone, making, nothing},
    {making, stays, making, nothing},
    {ready, begins, ready, nothing},
    {ready, succeeds, ready, nothing},
    {ready, fails, ready, nothing},
    {ready, ends, leaving, take_away},
    {ready, ends_at_once, leaving, take_away},
    {ready, is_gone, ready, nothing},
    {ready, stays, ready, nothing},
    {unwanted, begins, unwanted, nothing},
    {unwanted, succeeds, leaving, take_away},
    {unwanted, fails, leaving, take_away},
    {unwanted, ends, unwanted, nothing},
    {unwanted, ends_at_once, unwanted, nothing},
    {unwanted, is_gone, unwanted, nothing},
    {unwanted, stays, unwanted, nothing},
    {leaving, begins, leaving, nothing},
    {leaving, succeeds, leaving, nothing},
    {leaving, fails, leaving, nothing},
    {leaving, ends, leaving, nothing},
    {leaving, ends_at_once, leaving, nothing},
    {leaving, is_gone, leaving, forget},
    {leaving, stays, ready, nothing},
  };
  for (const auto& one : table) {
    CAPTURE(&one - table.data());
    auto life = in(one.from);
    CHECK(one.what(life) == one.step);
    CHECK(life.phase() == one.to);
  }
}

TEST_CASE("the same request waits while it is made, is answered when it is, "
          "and is refused when it ends") {
  using enum share_phase;
  CHECK(in(admitted).again() == admission::wait);
  CHECK(in(making).again() == admission::wait);
  CHECK(in(ready).again() == admission::answer);
  for (const auto phase : {unwanted, leaving}) {
    CHECK(in(phase).again() == admission::refuse);
    CHECK(in(phase).is_ending());
    CHECK_FALSE(in(phase).is_ready());
  }
  for (const auto phase : {admitted, making, ready})
    CHECK_FALSE(in(phase).is_ending());
}

TEST_SUITE_END();

} // namespace
