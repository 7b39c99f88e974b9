// SPDX-License-Identifier: Apache-2.0
#include "core/events/event_waiters.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("events/event_waiters");

namespace {

using ids = std::vector<event_waiters::id>;
constexpr event_waiters::time_point t0{};

node_event of(const std::string& sandbox) {
  return {event_id::generation_live, sandbox};
}

} // namespace

TEST_CASE("who waits is due when its time is over, or a moment after an event "
          "that it wants") {
  event_waiters waiting{{8, 64, 50ms}};
  CHECK_FALSE(waiting.next_due());
  CHECK_FALSE(waiting.add(1, 7, {"a", ""}, t0 + 10s));
  CHECK_FALSE(waiting.add(2, 7, {"b", ""}, t0 + 20s));
  CHECK(waiting.next_due() == t0 + 10s);
  waiting.happened(of("b"), t0 + 1s);
  // What comes together with it does not put it off.
  waiting.happened(of("b"), t0 + 1040ms);
  CHECK(waiting.next_due() == t0 + 1050ms);
  CHECK(waiting.due(t0 + 1049ms).empty());
  CHECK(waiting.due(t0 + 1050ms) == ids{2});
  CHECK(waiting.due(t0 + 9s).empty());
  CHECK(waiting.due(t0 + 10s) == ids{1});
  CHECK(waiting.size() == 0);
  CHECK_FALSE(waiting.next_due());
}

TEST_CASE("an event just before the end of a wait does not make it longer") {
  event_waiters waiting{{8, 64, 50ms}};
  waiting.add(1, 7, {}, t0 + 10s);
  waiting.happened(of("a"), t0 + 9990ms);
  CHECK(waiting.due(t0 + 10s) == ids{1});
}

TEST_CASE("only so many wait, of a client and of all") {
  event_waiters waiting{{2, 3, 0ms}};
  CHECK_FALSE(waiting.add(1, 7, {}, t0 + 1s));
  CHECK_FALSE(waiting.add(2, 7, {}, t0 + 2s));
  const auto full = waiting.add(3, 7, {}, t0 + 1s);
  REQUIRE(full);
  CHECK(full->find("2 times") != std::string::npos);
  CHECK_FALSE(waiting.add(4, 8, {}, t0 + 3s));
  CHECK(waiting.add(5, 9, {}, t0 + 1s));
  CHECK(waiting.size() == 3);
  // Who is answered makes room.
  CHECK(waiting.due(t0 + 1s) == ids{1});
  CHECK_FALSE(waiting.add(6, 7, {}, t0 + 9s));
  CHECK(waiting.gone(7) == ids{2, 6});
  CHECK(waiting.gone(7).empty());
  CHECK(waiting.size() == 1);
  CHECK_FALSE(waiting.add(7, 7, {}, t0 + 4s));
  CHECK(waiting.due(t0 + 9s) == ids{4, 7});
}

TEST_SUITE_END();
