// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/destination_table_fixture.hpp"

#include <cstdint>
#include <memory>
#include <string>

// What a table of destinations does for one of a volume that has many, counted
// in destinations that are looked at. No clock.

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr std::size_t many = 1'000;
/// What one destination may cost, whatever happens to it: it is looked at when
/// it is added, when its volume was read, when its order has ended, and so on.
constexpr std::uint64_t few = 12;

/// Destinations of one volume, each in a sandbox of its own, whose guests do at
/// once what they are asked for.
struct one_volume {
  one_volume() {
    // The reads of its own.
    what = host("..1", 1);
  }

  destination_id add(std::shared_ptr<const guest_record> before = nullptr) {
    const auto n = std::to_string(++count);
    return table.add(
      {"s" + n, "c", "share", volume, "/g/" + n, false, std::move(before)},
      now);
  }

  /// Does what the table wants until it wants nothing more.
  void run() {
    for (bool busy = true; busy;) {
      auto actions = table.advance(now);
      busy = !actions.empty();
      for (auto& action : actions) {
        if (const auto* asked = std::get_if<ask_volume>(&action))
          answer(*asked);
        else if (const auto* order = std::get_if<ask_guest>(&action))
          table.finished(order->destination,
                         std::holds_alternative<removal_order>(order->order)
                           ? removed()
                           : done(),
                         now);
        else if (const auto* first = std::get_if<first_copy_outcome>(&action))
          copied += first->outcome ? 1U : 0U;
        else if (const auto* reached = std::get_if<current_reached>(&action))
          answered += reached->outcome ? 1U : 0U;
        else if (std::holds_alternative<destination_left>(action))
          ++left;
      }
    }
  }

  /// Returns how many destinations were looked at for something.
  template <class F>
  std::uint64_t cost(const F& call) {
    const auto before = table.looked_at();
    call();
    run();
    return table.looked_at() - before;
  }

  std::size_t current() const {
    std::size_t sum = 0;
    for (const auto& each : described(table, {}, now))
      for (const auto& d : each.destinations)
        sum += d.current ? 1U : 0U;
    return sum;
  }

  void answer(const ask_volume& asked) {
    switch (asked.request) {
    case volume_request::watch:
      table.watched(asked.ticket, directory_id{1, 2}, now);
      break;
    case volume_request::await: table.awaited(asked.ticket, unit{}); break;
    case volume_request::read: table.read(asked.ticket, what, now); break;
    default:
      table.looked(asked.ticket, volume_look{what->id.name, what->id.digest},
                   now);
    }
  }

  destination_table table{{}};
  volume_snapshot_ptr what;
  time_point now = t0;
  std::size_t count = 0;
  std::size_t copied = 0;
  std::size_t answered = 0;
  std::size_t left = 0;
};

/// What is written down of a whole copy.
std::shared_ptr<const guest_record> recorded_copy() {
  one_volume of;
  const auto id = of.add();
  of.run();
  return std::make_shared<const guest_record>(*of.table.record(id));
}

} // namespace

TEST_SUITE_BEGIN("what one destination costs");

TEST_CASE("a share costs the same however many have the same volume, and so "
          "does its end") {
  one_volume of;
  std::uint64_t sum = 0;
  for (std::size_t n = 0; n < many; ++n) {
    const auto cost = of.cost([&] {
      of.add();
    });
    CHECK(cost <= few);
    sum += cost;
  }
  CHECK(of.copied == many);
  CHECK(of.current() == many);
  CHECK(sum >= many);
  for (destination_id id = 1; id <= many / 2; ++id)
    CHECK(of.cost([&] {
      of.table.remove(id, of.now);
    }) <= few);
  CHECK(of.left == many / 2);
  for (std::size_t n = many / 2 + 1; n <= many; ++n)
    CHECK(of.cost([&] {
      of.table.forget_sandbox("s" + std::to_string(n));
    }) == 0);
  CHECK(of.table.volumes() == 0);
}

TEST_CASE("to go on with copies of the same volume costs the same for each") {
  const auto before = recorded_copy();
  one_volume of;
  const auto adding = of.cost([&] {
    for (std::size_t n = 0; n < many; ++n) {
      of.add(before);
      of.run();
    }
  });
  CHECK(adding <= few * many);
  CHECK(of.current() == 0);
  for (std::size_t n = 1; n <= many; ++n)
    CHECK(of.cost([&] {
      of.table.guest_up("s" + std::to_string(n), of.now);
    }) <= few);
  CHECK(of.current() == many);
}

TEST_CASE("what happens to one guest costs no other") {
  one_volume of;
  for (std::size_t n = 0; n < many; ++n)
    of.add();
  of.run();
  REQUIRE(of.current() == many);
  CHECK(of.cost([&] {
    of.table.guest_lost("s7");
  }) == 1);
  CHECK(of.cost([&] {
    of.table.guest_up("s7", of.now);
  }) <= few);
  CHECK(of.cost([&] {
    of.table.guest_empty("s7", of.now);
  }) <= few);
  CHECK(of.cost([&] {
    of.table.await_current(7, 1, of.now);
  }) <= few);
  CHECK(of.answered == 1);
  CHECK(of.cost([&] {
    of.table.stop_following("s7");
  }) <= few);
  CHECK(of.cost([&] {
    of.table.start_following("s7", of.now);
  }) <= few);
  CHECK(of.current() == many);
}

TEST_CASE("a rotation costs each destination the same, a retry only its own, "
          "and all get it") {
  one_volume of;
  for (std::size_t n = 0; n < many; ++n)
    of.add();
  of.run();
  of.what = host("..2", 2);
  CHECK(of.cost([&] {
    of.table.hint(volume, volume_hint::read_now, of.now);
  }) <= few * many);
  CHECK(of.current() == many);
  // Whatever is due later, such as to remove what is old.
  std::size_t waits = 0;
  std::uint64_t sum = 0;
  for (; of.table.next_due() && *of.table.next_due() < t0 + 25s; ++waits) {
    of.now = std::max(of.now, *of.table.next_due());
    sum += of.cost([] {});
  }
  CHECK(waits > 0);
  CHECK(sum <= few * many);
}

TEST_CASE("a comparison looks at every destination, whatever it finds") {
  one_volume of;
  for (std::size_t n = 0; n < many; ++n)
    of.add();
  of.run();
  CHECK(of.cost([&] {
    of.table.hint(volume, volume_hint::compare, of.now);
  }) == many);
}

TEST_CASE("a sweep that finds a volume as it was looks at none of its "
          "destinations, but at every tenth time") {
  one_volume of;
  for (std::size_t n = 0; n < many; ++n)
    of.add();
  of.run();
  for (int n = 1; n <= 10; ++n) {
    of.now = t0 + 30s * n;
    const auto cost = of.cost([] {});
    if (n < 10)
      CHECK(cost == 0);
    else
      CHECK(cost >= many);
  }
}

TEST_CASE_FIXTURE(table_fixture,
                  "contents that only somebody wants who does not follow any "
                  "more do not stay in memory") {
  settled(host("..1"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..2"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  auto contents = host("..3");
  const std::weak_ptr<const volume_snapshot> kept{contents};
  read(contents);
  contents.reset();
  CHECK_FALSE(kept.expired());
  table.stop_following("s1");
  advance();
  CHECK(kept.expired());
}

TEST_CASE_FIXTURE(
  table_fixture, "who needed contents while the volume was gone gets them when "
                 "it is back, though it is the same") {
  settled(host("..1"));
  table.hint(volume, volume_hint::read_now, now);
  advance();
  read(host("..2"));
  finish(1, broken(flip_state::not_sent));
  look(host("..2"));
  const error gone{errc::not_found, "gone"};
  table.hint(volume, volume_hint::look, now);
  advance();
  table.looked(ticket_of(volume), gone, now);
  advance();
  // Its retry comes while it is gone.
  REQUIRE(table.next_due());
  now = *table.next_due();
  REQUIRE(now < t0 + 30s);
  CHECK(advance().empty());
  table.awaited(ticket_of(volume), unit{});
  CHECK(advance() == lines{"watch /pods/cm"});
  table.watched(ticket_of(volume), directory_id{1, 2}, now);
  advance();
  auto asked = look(host("..2"));
  for (int n = 0; n < 5 && has(asked, "watch /pods/cm"); ++n) {
    table.watched(ticket_of(volume), directory_id{1, 2}, now);
    asked = advance();
  }
  CHECK(asked == lines{"read /pods/cm"});
  CHECK(has(read(host("..2")), "push ..2.1 to 1"));
}

TEST_SUITE_END();
