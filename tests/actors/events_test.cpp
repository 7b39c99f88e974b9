// SPDX-License-Identifier: Apache-2.0
#include "actors/events.hpp"
#include "core/pacing.hpp"
#include "tests/support/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("actors/events");

namespace {

struct fixture : actor_fixture {
  events_actor aut = spawn<event_keeper>(options());

  static events_options options() {
    events_options out;
    out.kept.events = 10;
    out.waiting = {2, 3, 50ms};
    out.process = 5;
    out.wall_clock = [] {
      return event_ring::wall_time{7s};
    };
    return out;
  }

  void happen(const std::string& sandbox) {
    note(aut, {event_id::sandbox_prepared, sandbox});
    run();
  }

  auto watch(std::uint64_t client, std::chrono::nanoseconds wait,
             event_cursor after = {}, const std::string& sandbox = {}) {
    auto got = call<event_page>(
      aut, watch_events{client, {sandbox, {}}, after, false, wait});
    run();
    return got;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "what has happened is told at once, with its time") {
  happen("a");
  happen("b");
  const auto got = watch(1, 1min);
  REQUIRE(*got);
  const auto& page = ***got;
  REQUIRE(page.events.size() == 2);
  CHECK(page.events[0].what.sandbox_id == "a");
  CHECK(page.events[1].number == 2);
  CHECK(page.events[1].at == event_ring::wall_time{7s});
  CHECK(page.next == event_cursor{5, 2});
}

TEST_CASE_FIXTURE(fixture, "who waits is told what happens, a moment later and "
                           "all of it") {
  happen("a");
  const auto got = watch(1, 1min, {5, 1});
  CHECK_FALSE(*got);
  happen("b");
  CHECK_FALSE(*got);
  advance(20ms);
  happen("c");
  advance(29ms);
  run();
  CHECK_FALSE(*got);
  advance(1ms);
  run();
  REQUIRE(*got);
  CHECK((**got)->events.size() == 2);
  CHECK((**got)->next == event_cursor{5, 3});
}

TEST_CASE_FIXTURE(fixture, "a wait ends with nothing, after a minute at most") {
  const auto brief = watch(1, 1s);
  const auto endless = watch(1, 24h);
  const auto other = watch(2, 10s, {}, "b");
  advance(1s);
  run();
  REQUIRE(*brief);
  CHECK((**brief)->events.empty());
  CHECK((**brief)->next == event_cursor{5, 0});
  CHECK_FALSE(*other);
  advance(pacing::event_wait - 1s);
  run();
  CHECK(*endless);
  CHECK(*other);
  // Without a wait there is none.
  CHECK(*watch(1, 0s));
}

TEST_CASE_FIXTURE(fixture, "an event that a filter does not take answers "
                           "nobody, and is not looked at again") {
  const auto got = watch(1, 1min, {}, "b");
  happen("a");
  advance(1s);
  run();
  CHECK_FALSE(*got);
  happen("b");
  advance(1s);
  run();
  REQUIRE(*got);
  REQUIRE((**got)->events.size() == 1);
  CHECK((**got)->events[0].number == 2);
}

TEST_CASE_FIXTURE(fixture, "only what is new is told to who asks for that") {
  happen("a");
  auto got = call<event_page>(aut, watch_events{1, {}, {}, true, 1min});
  run();
  CHECK_FALSE(*got);
  happen("b");
  advance(1s);
  run();
  REQUIRE(*got);
  REQUIRE((**got)->events.size() == 1);
  CHECK((**got)->events[0].what.sandbox_id == "b");
}

TEST_CASE_FIXTURE(fixture, "more than a few do not wait, and nobody grows by a "
                           "connection that is gone") {
  const auto first = watch(1, 1min);
  const auto second = watch(1, 1min);
  const auto third = watch(1, 1min);
  REQUIRE(*third);
  CHECK((*third)->err().code == errc::resource_exhausted);
  const auto other = watch(2, 1min);
  CHECK_FALSE(*other);
  const auto beyond = watch(3, 1min);
  REQUIRE(*beyond);
  CHECK((*beyond)->err().code == errc::resource_exhausted);
  tell(aut, watcher_gone{1});
  run();
  CHECK(*first);
  CHECK(*second);
  CHECK_FALSE(*other);
  CHECK_FALSE(*watch(3, 1min));
}

TEST_CASE_FIXTURE(fixture, "who was away for too long is told how many events "
                           "are lost") {
  for (int n = 0; n < 25; ++n)
    happen("a");
  const auto got = watch(1, 1min, {5, 3});
  REQUIRE(*got);
  CHECK((**got)->lost == 12);
  CHECK((**got)->events.size() == 10);
  // None of them is wanted: it is told all the same.
  const auto none = watch(1, 1min, {5, 3}, "b");
  REQUIRE(*none);
  CHECK((**none)->lost == 12);
  CHECK((**none)->events.empty());
  CHECK((**none)->next == event_cursor{5, 25});
}

TEST_CASE_FIXTURE(fixture, "at its end who waits is answered") {
  const auto got = watch(1, 1min);
  stop(aut);
  run();
  REQUIRE(*got);
  CHECK((*got)->err().code == errc::aborted);
}

TEST_SUITE_END();
