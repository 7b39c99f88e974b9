// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using time_point = copy_window::time_point;

constexpr time_point t0{1h};

// A guest that serves one request after the other, `service` each, behind a
// link with a round trip of `round_trip`; every request is sent as soon as the
// window permits. Returns the limit after `count` answers.
std::uint32_t run_guest(copy_window& window, copy_window::duration service,
                        copy_window::duration round_trip, int count,
                        time_point start = t0) {
  struct waiting {
    copy_window::flight flight;
    time_point answered_at;
  };
  std::deque<waiting> queue;
  auto now = start;
  auto free_at = start;
  for (int i = 0; i < count; ++i) {
    while (window.may_send(0)) {
      free_at = std::max(free_at, now + round_trip / 2) + service;
      queue.push_back({window.sent(0, now), free_at + round_trip / 2});
    }
    now = queue.front().answered_at;
    window.answered(queue.front().flight, now);
    queue.pop_front();
  }
  return window.limit();
}

} // namespace

TEST_SUITE_BEGIN("core/copy/copy_window");

TEST_CASE("requests in flight are bounded by number") {
  copy_window window{4, 1000};
  for (int i = 0; i < 4; ++i) {
    REQUIRE(window.may_send(0));
    window.sent(0, t0);
  }
  CHECK_FALSE(window.may_send(0));
}

TEST_CASE("requests in flight are bounded by bytes") {
  copy_window window{64, 1000};
  const auto first = window.sent(600, t0);
  CHECK(window.free_bytes() == 400);
  CHECK(window.may_send(400));
  CHECK_FALSE(window.may_send(401));
  window.answered(first, t0 + 1ms);
  CHECK(window.bytes_in_flight() == 0);
  CHECK(window.may_send(401));
}

TEST_CASE("a single request may be larger than the window") {
  copy_window window{64, 1000};
  CHECK(window.may_send(5000));
  window.sent(5000, t0);
  CHECK_FALSE(window.may_send(0 + 1));
  CHECK(window.free_bytes() == 0);
}

TEST_CASE("a window holds 1 to 64 requests, whatever it is told") {
  copy_window small{0, 1000};
  CHECK(small.limit() == 1);
  CHECK(run_guest(small, 50ms, 100us, 100) == 1);
  copy_window large{1000, 1000};
  CHECK(run_guest(large, 1us, 20ms, 2000) == 64);
}

TEST_CASE("a distant fast guest gets as many requests as are allowed") {
  copy_window window{48, 1000};
  CHECK(run_guest(window, 100us, 10ms, 3000) == 48);
}

TEST_CASE("a slow guest close by gets few requests") {
  copy_window window{64, 1000};
  // 2 ms each: a third request waits 4 ms.
  CHECK(run_guest(window, 2ms, 100us, 3000) <= 6);
}

TEST_CASE("a window never shrinks below two") {
  copy_window window{64, 1000};
  // For as long as it is known what a round trip takes without a queue.
  CHECK(run_guest(window, 50ms, 100us, 300) == 2);
}

TEST_CASE("a window grows again after the guest has recovered") {
  copy_window window{64, 1000};
  REQUIRE(run_guest(window, 20ms, 100us, 200) == 2);
  CHECK(run_guest(window, 50us, 5ms, 20000, t0 + 1h) > 20);
}

TEST_CASE("answers that wait for a processor now and then shrink no window") {
  copy_window window{64, 1000};
  auto now = t0;
  for (int n = 0; n < 200; ++n) {
    std::deque<copy_window::flight> all;
    while (window.may_send(0))
      all.push_back(window.sent(0, now));
    // All but the first: somebody else had the processor meanwhile.
    now += 1ms;
    window.answered(all.front(), now);
    all.pop_front();
    now += 9ms;
    for (const auto& flight : all)
      window.answered(flight, now);
    CHECK(window.limit() >= 8);
  }
  CHECK(window.limit() > 8);
}

TEST_CASE("what is in flight doubles per round trip up to the first queue") {
  copy_window window{64, 1000};
  auto now = t0;
  for (const auto limit : {8U, 16U, 32U, 64U}) {
    std::deque<copy_window::flight> all;
    while (window.may_send(0))
      all.push_back(window.sent(0, now));
    CHECK(all.size() == limit);
    now += 5ms;
    for (const auto& flight : all)
      window.answered(flight, now);
  }
}

TEST_CASE("a window that is still unknown holds little more than a guest with "
          "one processor works off in the time that is tolerated") {
  std::uint32_t most = 0;
  for (int count = 1; count < 200; ++count) {
    copy_window anew{64, 1000};
    most = std::max(most, run_guest(anew, 150us, 100us, count));
  }
  // 150 us each: 26 take 4 ms.
  CHECK(most <= 40);
  CHECK(most >= 13);
}

TEST_CASE("one burst of late answers shrinks the window once") {
  copy_window window{64, 1000};
  for (std::uint32_t n = 0; n < window.limit(); ++n)
    window.answered(window.sent(0, t0), t0 + 1ms);
  std::deque<copy_window::flight> burst;
  while (window.may_send(0))
    burst.push_back(window.sent(0, t0 + 10ms));
  const auto before = window.limit();
  for (const auto& flight : burst)
    window.answered(flight, t0 + 60ms);
  CHECK(window.limit() < before);
  CHECK(window.limit() >= before / 2);
}

TEST_CASE("a window that is not filled does not grow") {
  copy_window window{64, 1000};
  const auto before = window.limit();
  for (int i = 0; i < 100; ++i)
    window.answered(window.sent(0, t0 + i * 1ms), t0 + i * 1ms + 1ms);
  CHECK(window.limit() == before);
}

TEST_CASE("large chunks are not measured by small requests") {
  copy_window window{64, 64 << 20};
  window.answered(window.sent(0, t0), t0 + 1ms);
  const auto before = window.limit();
  for (int i = 1; i < 50; ++i) {
    const auto now = t0 + i * 100ms;
    window.answered(window.sent(1 << 20, now), now + 20ms);
  }
  CHECK(window.limit() == before);
}

TEST_CASE("a lost request makes room") {
  copy_window window{2, 1000};
  const auto first = window.sent(900, t0);
  window.sent(0, t0);
  REQUIRE_FALSE(window.may_send(0));
  window.lost(first);
  CHECK(window.may_send(900));
  CHECK(window.in_flight() == 1);
}

TEST_SUITE_END();
