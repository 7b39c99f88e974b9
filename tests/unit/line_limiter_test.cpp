// SPDX-License-Identifier: Apache-2.0
#include "log/line_limiter.hpp"
#include "log/line_queue.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using limiter = log::line_limiter;

constexpr limiter::time_point t0{1h};

int admitted(limiter& l, int tries, const std::string& sandbox,
             limiter::time_point now, log_level level = log_level::warning) {
  int n = 0;
  for (int i = 0; i < tries; ++i)
    n += l.admit(level, "guest-lost", sandbox, now) ? 1 : 0;
  return n;
}

log::queued_line line(std::size_t bytes) {
  return {log_level::info, {}, std::string(bytes, 'x')};
}

} // namespace

TEST_SUITE_BEGIN("log/line_limiter");

TEST_CASE("repeats of one event and sandbox are left out, and counted") {
  limiter l;
  CHECK(admitted(l, 100, "noisy", t0) == 20);
  CHECK(admitted(l, 5, "honest", t0) == 5);
  CHECK(l.admit(log_level::warning, "push-failed", "noisy", t0));
  CHECK(l.take_left_out(t0).empty());
  CHECK(l.next_due() == t0 + 10s);
  const auto said = l.take_left_out(t0 + 10s);
  REQUIRE(said.size() == 1);
  CHECK(said[0].event == "guest-lost");
  CHECK(said[0].sandbox == "noisy");
  CHECK(said[0].count == 80);
  CHECK(l.take_left_out(t0 + 1h).empty());
  CHECK(l.next_due() == limiter::time_point::max());
}

TEST_CASE("what was left out of one is told, whatever was told of others") {
  limiter l;
  admitted(l, 100, "first", t0);
  admitted(l, 100, "second", t0 + 5s);
  const auto first = l.take_left_out(t0 + 10s);
  REQUIRE(first.size() == 1);
  CHECK(first[0].sandbox == "first");
  CHECK(l.next_due() == t0 + 15s);
  const auto second = l.take_left_out(t0 + 15s);
  REQUIRE(second.size() == 1);
  CHECK(second[0].sandbox == "second");
}

TEST_CASE("one repeat a second is written from then on") {
  limiter l;
  admitted(l, 100, "noisy", t0);
  CHECK(admitted(l, 100, "noisy", t0 + 3s) == 3);
  CHECK(admitted(l, 100, "noisy", t0 + 1h) == 20);
}

TEST_CASE("what each call or change of life says has room") {
  limiter l;
  CHECK(admitted(l, 100'000, "s", t0, log_level::debug) == 100'000);
  CHECK(admitted(l, 2'000, "s", t0, log_level::info) == 1'000);
}

TEST_CASE("however many sandboxes there are, memory is bounded and events are "
          "told apart") {
  limiter l;
  int written = 0;
  for (int i = 0; i < 5'000; ++i)
    written += admitted(l, 1, "s" + std::to_string(i), t0);
  CHECK(written == static_cast<int>(limiter::max_keys) + 20);
  CHECK(l.admit(log_level::error, "actor-died", "", t0));
  // Those that are idle make room.
  CHECK(admitted(l, 1, "late", t0 + 1min) == 1);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("log/line_queue");

TEST_CASE("what does not fit is counted, until the writer says so") {
  log::line_queue q;
  for (std::size_t i = 0; i < log::line_queue::max_lines + 7; ++i)
    q.push(line(1));
  auto got = q.wait(t0);
  CHECK(got.lines.size() == log::line_queue::max_lines);
  CHECK(got.dropped == 7);
  q.push(line(1));
  got = q.wait(t0);
  CHECK(got.lines.size() == 1);
  CHECK(got.dropped == 0);
}

TEST_CASE("the queue is bounded by bytes, too") {
  log::line_queue q;
  for (int i = 0; i < 5; ++i)
    q.push(line(std::size_t{512} << 10));
  const auto got = q.wait(t0);
  CHECK(got.lines.size() == 4);
  CHECK(got.dropped == 1);
}

TEST_CASE("the end waits for the writer, but not for ever") {
  log::line_queue q;
  q.push(line(1));
  CHECK_FALSE(q.end(1ms));
  const auto got = q.wait(t0);
  CHECK(got.lines.size() == 1);
  CHECK(got.is_over);
  q.written();
  CHECK(q.end(1ms));
}

TEST_SUITE_END();
