// SPDX-License-Identifier: Apache-2.0
#include "core/events/event_ring.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("events/event_ring");

namespace {

constexpr std::uint64_t process = 0xabc;
constexpr event_ring::page_limits any_page{1000, std::size_t{1} << 20};

event_ring::limits at_most(std::size_t events) {
  event_ring::limits out;
  out.events = events;
  return out;
}

node_event live(const std::string& sandbox, const std::string& volume,
                const std::string& generation = "..1") {
  node_event out{event_id::generation_live, sandbox};
  out.volume = volume;
  out.generation = generation;
  return out;
}

std::vector<std::uint64_t> numbers(const event_page& page) {
  std::vector<std::uint64_t> out;
  for (const auto& each : page.events)
    out.push_back(each.number);
  return out;
}

using list = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("events are numbered and come in their order, once") {
  event_ring ring{process, at_most(10)};
  for (int n = 0; n < 3; ++n)
    ring.add(live("s", "/v"), event_ring::wall_time{n * 1s});
  auto page = ring.read({}, {}, any_page);
  CHECK(numbers(page) == list{1, 2, 3});
  CHECK(page.events[2].at == event_ring::wall_time{2s});
  CHECK(page.next == event_cursor{process, 3});
  CHECK(page.lost == 0);
  CHECK_FALSE(page.has_more);
  CHECK(ring.read({}, page.next, any_page).events.empty());
  ring.add(live("s", "/v"), {});
  page = ring.read({}, page.next, any_page);
  CHECK(numbers(page) == list{4});
  CHECK(ring.read({}, {process, 2}, any_page).events.size() == 2);
}

TEST_CASE("at most so many are kept, and who is behind is told how many were "
          "lost") {
  event_ring ring{process, at_most(4)};
  for (int n = 0; n < 10; ++n)
    ring.add(live("s", "/v"), {});
  CHECK(ring.size() == 4);
  CHECK(ring.last() == 10);
  const auto behind = ring.read({}, {process, 2}, any_page);
  CHECK(numbers(behind) == list{7, 8, 9, 10});
  CHECK(behind.lost == 4);
  CHECK(ring.read({}, {}, any_page).lost == 6);
  CHECK(ring.read({}, {process, 6}, any_page).lost == 0);
  CHECK(ring.read({}, {process, 7}, any_page).lost == 0);
  // Once only.
  CHECK(ring.read({}, behind.next, any_page).lost == 0);
}

TEST_CASE("they take no more memory than they may") {
  event_ring::limits most;
  most.bytes = 20000;
  event_ring ring{process, most};
  for (int n = 0; n < 1000; ++n) {
    auto what = live("s", "/" + std::string(200, 'v'));
    what.detail = std::string(4000, 'd');
    ring.add(std::move(what), {});
    CHECK(ring.bytes() <= most.bytes);
  }
  CHECK(ring.size() > 10);
  CHECK(ring.size() < 60);
  CHECK(ring.last() == 1000);
  const auto page = ring.read({}, {}, any_page);
  CHECK(page.events.size() == ring.size());
  CHECK(page.events.back().what.detail.size() <= most.detail_bytes);
}

TEST_CASE("a detail is text, whatever a peer has sent") {
  event_ring ring{process, {}};
  auto what = live("s", "/v");
  what.detail = "no\xff";
  ring.add(what, {});
  CHECK(ring.read({}, {}, any_page).events[0].what.detail == "no\ufffd");
}

TEST_CASE("a filter takes a sandbox's events, and with a volume those of the "
          "volume too") {
  event_ring ring{process, {}};
  ring.add(live("a", "/v"), {});
  ring.add(live("b", "/v"), {});
  ring.add(live("a", "/w"), {});
  ring.add(live("", "/v"), {});
  ring.add(live("", "/w"), {});
  const auto taken = [&ring](const event_filter& wanted) {
    return numbers(ring.read(wanted, {}, any_page));
  };
  CHECK(taken({}) == list{1, 2, 3, 4, 5});
  CHECK(taken({"a", ""}) == list{1, 3});
  CHECK(taken({"", "/v"}) == list{1, 2, 4});
  CHECK(taken({"a", "/v"}) == list{1, 4});
  CHECK(taken({"c", ""}).empty());
  // What was passed over is not looked at again.
  CHECK(ring.read({"c", ""}, {}, any_page).next == ring.end());
}

TEST_CASE("pages end where they are full, and go on there") {
  event_ring ring{process, {}};
  for (int n = 0; n < 10; ++n)
    ring.add(live(n % 2 == 0 ? "a" : "b", "/v"), {});
  const event_ring::page_limits two{2, std::size_t{1} << 20};
  const event_filter of_a{"a", ""};
  list all;
  event_cursor at;
  for (int pages = 1;; ++pages) {
    const auto page = ring.read(of_a, at, two);
    const auto got = numbers(page);
    CHECK(got.size() <= 2);
    all.insert(all.end(), got.begin(), got.end());
    at = page.next;
    if (!page.has_more) {
      CHECK(pages == 3);
      break;
    }
  }
  CHECK(all == list{1, 3, 5, 7, 9});
  // One at least, however little room there is.
  CHECK(numbers(ring.read({}, {}, {5, 1})) == list{1});
}

TEST_CASE("a cursor of another process begins anew, and says so") {
  event_ring ring{process, at_most(2)};
  for (int n = 0; n < 3; ++n)
    ring.add(live("s", "/v"), {});
  const auto page = ring.read({}, {process + 1, 1000}, any_page);
  CHECK(page.is_restarted);
  CHECK(numbers(page) == list{2, 3});
  CHECK(page.lost == 1);
  CHECK_FALSE(ring.read({}, {}, any_page).is_restarted);
  CHECK_FALSE(ring.read({}, page.next, any_page).is_restarted);
  // None of ours is as far.
  CHECK(ring.read({}, {process, 1000}, any_page).next == ring.end());
}

TEST_CASE("an empty ring has a cursor") {
  const event_ring ring{process, {}};
  const auto page = ring.read({}, {}, any_page);
  CHECK(page.events.empty());
  CHECK(page.next == event_cursor{process, 0});
  CHECK(page.lost == 0);
}

TEST_CASE("cursors are text that comes back as it was, and nothing else is "
          "taken") {
  for (const auto& at : {event_cursor{process, 0}, event_cursor{1, 7},
                         event_cursor{~std::uint64_t{0}, ~std::uint64_t{0}}}) {
    const auto back = parse_event_cursor(to_string(at));
    REQUIRE(back);
    CHECK(*back == at);
  }
  CHECK(to_string(event_cursor{process, 12}) == "abc-12");
  REQUIRE(parse_event_cursor(""));
  CHECK(*parse_event_cursor("") == event_cursor{});
  for (const char* bad :
       {"-", "abc", "abc-", "-1", "abc-1x", "abc--1", "abc-1-2", "x-1", "0-1",
        " abc-1", "abc-99999999999999999999", "12345678901234567-1"})
    CHECK_MESSAGE(!parse_event_cursor(bad), bad);
  CHECK(parse_event_cursor("?").err().code == errc::invalid_argument);
}

TEST_CASE("the latest events that a filter takes are told in their order") {
  event_ring ring{process, at_most(6)};
  for (int n = 0; n < 10; ++n)
    ring.add(live(n % 2 == 0 ? "a" : "b", "/v"), {});
  const auto taken = [&ring](const event_filter& wanted, std::size_t most) {
    event_page page;
    page.events = ring.latest(wanted, most);
    return numbers(page);
  };
  CHECK(taken({}, 3) == list{8, 9, 10});
  CHECK(taken({"a", ""}, 2) == list{7, 9});
  CHECK(taken({"a", ""}, 100) == list{5, 7, 9});
  CHECK(taken({"c", ""}, 100).empty());
  CHECK(taken({}, 0).empty());
}

TEST_SUITE_END();
