// SPDX-License-Identifier: Apache-2.0
#include "core/net/dial_gate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using tickets = std::vector<dial_gate::ticket>;

constexpr dial_gate::time_point start{1h};
constexpr auto patience = 250ms;

tickets enter(dial_gate& gate, std::size_t count) {
  tickets out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(gate.enter());
  return out;
}

} // namespace

TEST_SUITE_BEGIN("core/net/dial_gate");

TEST_CASE("so many begin at a time, the others in their order") {
  dial_gate gate{{2, patience}};
  const auto dials = enter(gate, 5);
  CHECK(gate.waiting() == 5);
  CHECK(gate.begin(start) == tickets{dials[0], dials[1]});
  CHECK(gate.begin(start).empty());
  gate.leave(dials[1]);
  CHECK(gate.begin(start) == tickets{dials[2]});
  gate.leave(dials[0]);
  gate.leave(dials[2]);
  CHECK(gate.begin(start) == tickets{dials[3], dials[4]});
  CHECK(gate.waiting() == 0);
  CHECK(gate.holding() == 2);
}

TEST_CASE("a slot is given back once") {
  dial_gate gate{{1, patience}};
  const auto dials = enter(gate, 3);
  CHECK(gate.begin(start) == tickets{dials[0]});
  gate.leave(dials[0]);
  gate.leave(dials[0]);
  gate.leave(999);
  CHECK(gate.begin(start) == tickets{dials[1]});
  // One that waits keeps its place.
  gate.leave(dials[2]);
  CHECK(gate.begin(start).empty());
  gate.leave(dials[1]);
  CHECK(gate.begin(start) == tickets{dials[2]});
}

TEST_CASE("a dial without an answer goes on without its slot") {
  dial_gate gate{{2, patience}};
  const auto dials = enter(gate, 3);
  CHECK(gate.begin(start) == tickets{dials[0], dials[1]});
  CHECK(gate.next_due() == start + patience);
  CHECK(gate.begin(start + patience - 1ns).empty());
  CHECK(gate.begin(start + patience) == tickets{dials[2]});
  CHECK(gate.holding() == 1);
  // Its end frees no slot: it has none.
  const auto late = enter(gate, 2);
  CHECK(gate.begin(start + patience) == tickets{late[0]});
  gate.leave(dials[0]);
  CHECK(gate.begin(start + patience).empty());
}

TEST_CASE("nothing is due unless a dial waits") {
  dial_gate gate{{1, patience}};
  CHECK_FALSE(gate.next_due());
  const auto first = gate.enter();
  CHECK_FALSE(gate.next_due());
  CHECK(gate.begin(start) == tickets{first});
  CHECK_FALSE(gate.next_due());
  gate.enter();
  CHECK(gate.next_due() == start + patience);
}

TEST_CASE("among many dials all begin, with any number of them hanging") {
  constexpr std::size_t slots = 7;
  for (const unsigned hanging_of_ten : {0U, 3U, 10U}) {
    std::minstd_rand random{hanging_of_ten + 1};
    dial_gate gate{{slots, patience}};
    const auto dials = enter(gate, 200);
    std::set<dial_gate::ticket> answering;
    tickets begun;
    auto now = start;
    while (begun.size() < dials.size()) {
      for (const auto each : gate.begin(now)) {
        begun.push_back(each);
        if (random() % 10 >= hanging_of_ten)
          answering.insert(each);
      }
      CHECK(gate.holding() <= slots);
      CHECK(answering.size() <= slots);
      if (!answering.empty()) {
        gate.leave(*answering.begin());
        answering.erase(answering.begin());
      } else if (const auto due = gate.next_due()) {
        REQUIRE(*due > now);
        now = *due;
      }
    }
    CHECK(begun == dials);
    // Rounds of as many as there are slots, at most.
    CHECK(now - start <= patience * (dials.size() / slots + 1));
  }
}

TEST_SUITE_END();
