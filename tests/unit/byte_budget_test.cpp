// SPDX-License-Identifier: Apache-2.0
#include "core/copy/byte_budget.hpp"
#include "core/copy/byte_lease.hpp"
#include "core/volume/volume_memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

using namespace fsshare;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr auto first_copy = budget_use::first_copy;
constexpr auto rotation = budget_use::rotation;

using ids = std::vector<std::uint64_t>;

// Takes 1 MiB at a time for many owners until nothing more is granted.
std::uint64_t flood(byte_budget& budget, budget_use use, std::uint64_t from) {
  for (std::uint64_t i = 0; i < 1000; ++i)
    budget.ask(from + i, from + i, mib, use);
  budget.grant();
  return from + 1000;
}

} // namespace

TEST_SUITE_BEGIN("core/copy/byte_budget");

TEST_CASE("what fits is a lease at once, what is given back goes to the next") {
  byte_budget budget{16 * mib};
  budget.ask(1, 1, mib, first_copy);
  CHECK(budget.grant() == ids{1});
  CHECK(budget.used() == mib);
  const auto next = flood(budget, first_copy, 2);
  CHECK(budget.used() == 12 * mib);
  CHECK(budget.grant() == ids{});
  budget.shrink(1, 0);
  CHECK(budget.grant().size() == 1);
  CHECK(budget.waiting() == next - 2 - 12);
  // An end that is told twice, and one of nobody.
  budget.shrink(1, 0);
  budget.shrink(99'999, 0);
  CHECK(budget.used() == 12 * mib);
}

TEST_CASE(
  "a flood of first copies leaves room for rotations, and rotations for "
  "first copies") {
  for (const auto use : {first_copy, rotation}) {
    byte_budget budget{16 * mib};
    const auto next = flood(budget, use, 1);
    const auto other = use == first_copy ? rotation : first_copy;
    budget.ask(next, 0, 2 * mib / 2, other);
    CHECK(budget.grant() == ids{next});
    CHECK(budget.used() <= budget.total());
  }
}

TEST_CASE("what is larger than everything goes when nothing like it is held") {
  byte_budget budget{16 * mib};
  budget.ask(1, 0, 100 * mib, first_copy);
  CHECK(budget.grant() == ids{1});
  budget.ask(2, 0, 100 * mib, first_copy);
  CHECK(budget.grant() == ids{});
  // Small ones have what is kept for them.
  budget.ask(3, 0, mib, first_copy);
  budget.ask(4, 0, mib, rotation);
  CHECK(budget.grant().size() == 2);
  budget.shrink(1, 0);
  CHECK(budget.grant() == ids{2});
}

TEST_CASE("owners who hold much and give nothing back leave room for others") {
  byte_budget budget{128 * mib};
  std::uint64_t id = 0;
  // Ten guests that take what they get and never answer.
  for (int n = 0; n < 100; ++n)
    for (std::uint64_t owner = 1; owner <= 10; ++owner)
      budget.ask(++id, owner, mib, first_copy);
  budget.grant();
  CHECK(budget.used() < 80 * mib);
  for (int n = 0; n < 4; ++n) {
    budget.ask(++id, 11, mib, first_copy);
    CHECK(budget.grant() == ids{id});
  }
}

TEST_CASE("one guest alone fills its window") {
  byte_budget budget{128 * mib};
  for (std::uint64_t id = 1; id <= 8; ++id)
    budget.ask(id, 1, mib, first_copy);
  CHECK(budget.grant().size() == 8);
}

TEST_CASE("a part that is given back, and a request that is taken back") {
  byte_budget budget{16 * mib};
  budget.ask(1, 1, mib, rotation);
  budget.grant();
  budget.shrink(1, 1000);
  CHECK(budget.used() == 1000);
  budget.shrink(1, 2000);
  CHECK(budget.used() == 1000);
  const auto next = flood(budget, rotation, 2);
  const auto waiting = budget.waiting();
  budget.shrink(next - 1, 0);
  CHECK(budget.waiting() == waiting - 1);
  budget.shrink(1, 0);
  CHECK(budget.grant().size() <= 1);
}

TEST_CASE("large rotations go before large first copies") {
  byte_budget budget{128 * mib};
  budget.ask(1, 0, 90 * mib, first_copy);
  budget.grant();
  budget.ask(2, 0, 50 * mib, first_copy);
  budget.ask(3, 0, 50 * mib, rotation);
  CHECK(budget.grant() == ids{});
  budget.shrink(1, 0);
  CHECK(budget.grant() == ids{3});
}

TEST_CASE("whatever is asked and given back in any order: no more is out than "
          "there is, all are served, and nothing leaks") {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto pick = [&random](std::uint64_t n) {
      return std::uniform_int_distribution<std::uint64_t>{0, n - 1}(random);
    };
    byte_budget budget{(16 + pick(200)) * mib};
    std::map<std::uint64_t, std::uint64_t> held;
    std::map<std::uint64_t, std::uint64_t> asked;
    std::uint64_t last = 0;
    std::uint64_t oversize = 0;
    const auto take = [&] {
      for (const auto id : budget.grant()) {
        REQUIRE(asked.contains(id));
        held[id] = asked.at(id);
        asked.erase(id);
      }
      std::uint64_t sum = 0;
      for (const auto& entry : held)
        sum += entry.second;
      REQUIRE(budget.used() == sum);
      REQUIRE(budget.used() <= budget.total() + oversize);
    };
    for (int step = 0; step < 300; ++step) {
      if (pick(3) != 0) {
        const auto bytes
          = pick(20) == 0 ? pick(budget.total() * 2) + 1 : pick(2 * mib) + 1;
        if (bytes > budget.total() * 3 / 4)
          oversize = std::max(oversize, bytes);
        asked[++last] = bytes;
        budget.ask(last, pick(6), bytes, pick(2) == 0 ? rotation : first_copy);
      } else if (!held.empty()) {
        auto i = held.begin();
        std::advance(i, static_cast<std::ptrdiff_t>(pick(held.size())));
        budget.shrink(i->first, 0);
        held.erase(i);
      }
      take();
    }
    while (!held.empty()) {
      budget.shrink(held.begin()->first, 0);
      held.erase(held.begin());
      take();
    }
    CHECK(asked.empty());
    CHECK(budget.waiting() == 0);
    CHECK(budget.used() == 0);
  }
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("core/volume/volume_memory");

TEST_CASE("what is asked for a volume is enough for it and what is on its way, "
          "and no more") {
  for (const std::size_t copies : {0U, 1U, 3U, 50U})
    for (const std::uint64_t memory : {std::uint64_t{1}, std::uint64_t{1000},
                                       mib, 7 * mib, 16 * mib + 1, 200 * mib}) {
      CAPTURE(copies);
      CAPTURE(memory);
      const auto room = room_for_volume(memory, copies);
      CHECK(memory_with_copies(room, copies) <= memory);
      CHECK(memory_with_copies(room + 1, copies) > memory);
    }
  CHECK(memory_with_copies(64 * mib, 10) == 72 * mib);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("core/copy/byte_lease");

TEST_CASE("a lease is given back with the last who shares it, and a part when "
          "it is said") {
  std::vector<std::uint64_t> told;
  auto lease
    = std::make_shared<const byte_lease>(100, [&told](std::uint64_t bytes) {
        told.push_back(bytes);
      });
  lease->shrink(200);
  CHECK(told.empty());
  lease->shrink(40);
  CHECK(told == ids{40});
  auto object = with_lease(std::make_shared<const int>(7), lease);
  lease.reset();
  CHECK(*object == 7);
  CHECK(told == ids{40});
  object.reset();
  CHECK(told == ids{40, 0});
}

TEST_SUITE_END();
