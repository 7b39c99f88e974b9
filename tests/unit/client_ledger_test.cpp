// SPDX-License-Identifier: Apache-2.0
#include "core/net/client_ledger.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

constexpr client_ledger::who root{0, true};
constexpr client_ledger::who stranger{1001, false};
constexpr client_ledger::time_point start{};

client_ledger::limits small() {
  client_ledger::limits out;
  out.connections = 4;
  out.connections_per_user = 3;
  out.calls = 2;
  out.waiting_bytes = 100;
  out.all_waiting_bytes = 150;
  out.small_calls_bytes = 20;
  out.small_call_bytes = 10;
  out.all_frame_bytes = 100;
  out.frame_time = 10s;
  return out;
}

} // namespace

TEST_SUITE_BEGIN("core/net/client_ledger");

TEST_CASE("beyond the limit of a user its idlest client goes, and no other's") {
  client_ledger ledger{small()};
  CHECK_FALSE(ledger.add(1, {7, true}, start));
  for (client_ledger::id id = 2; id <= 4; ++id)
    CHECK_FALSE(ledger.add(id, root, start + 1s * id));
  // 2 has called, 3 has not: it goes though it was heard of later.
  REQUIRE_FALSE(ledger.begin_call(2, 1));
  ledger.end_call(2, 1);
  ledger.remove(1);
  CHECK(ledger.add(5, root, start + 9s) == 3);
}

TEST_CASE("beyond the limit of all the idlest of anybody goes") {
  client_ledger ledger{small()};
  CHECK_FALSE(ledger.add(1, root, start));
  CHECK_FALSE(ledger.add(2, root, start));
  CHECK_FALSE(ledger.add(3, stranger, start + 5s));
  CHECK_FALSE(ledger.add(4, {7, true}, start));
  // Who may not call anyway.
  CHECK(ledger.add(5, {8, true}, start + 6s) == 3);
  CHECK(ledger.size() == 5);
  ledger.remove(3);
  CHECK(ledger.size() == 4);
}

TEST_CASE("nobody who waits for an answer is ended for a newcomer") {
  client_ledger ledger{small()};
  for (client_ledger::id id = 1; id <= 3; ++id) {
    CHECK_FALSE(ledger.add(id, root, start));
    CHECK_FALSE(ledger.begin_call(id, 1));
  }
  CHECK_FALSE(ledger.idlest());
  CHECK(ledger.add(4, root, start) == 4);
  ledger.remove(4);
  ledger.end_call(2, 1);
  CHECK(ledger.idlest() == 2);
  CHECK(ledger.add(5, root, start) == 2);
}

TEST_CASE("calls and bytes that wait have limits, of one and of all") {
  client_ledger ledger{small()};
  ledger.add(1, root, start);
  ledger.add(2, root, start);
  CHECK_FALSE(ledger.begin_call(1, 100));
  CHECK(ledger.begin_call(1, 1)); // its bytes
  CHECK_FALSE(ledger.begin_call(2, 50));
  CHECK(ledger.begin_call(2, 11));       // those of all
  CHECK_FALSE(ledger.begin_call(2, 10)); // small
  CHECK(ledger.begin_call(2, 1));        // its calls
  // Answers give the room back.
  ledger.end_call(1, 100);
  CHECK_FALSE(ledger.begin_call(1, 90));
}

TEST_CASE("calls of a client that went away count until they are answered") {
  client_ledger ledger{small()};
  for (client_ledger::id id = 1; id <= 2; ++id) {
    ledger.add(id, root, start);
    CHECK_FALSE(ledger.begin_call(id, 75));
    ledger.remove(id);
  }
  ledger.add(3, root, start);
  CHECK(ledger.begin_call(3, 50));
  ledger.end_call(1, 75);
  CHECK_FALSE(ledger.begin_call(3, 50));
}

TEST_CASE("a frame has its time from its first byte, whatever trickles in") {
  client_ledger ledger{small()};
  ledger.add(1, root, start);
  ledger.add(2, root, start);
  using frame = client_ledger::open_frame;
  CHECK_FALSE(ledger.heard(1, frame{0, 1}, start));
  CHECK_FALSE(ledger.heard(2, frame{0, 1}, start + 1s));
  CHECK_FALSE(ledger.heard(1, frame{0, 2}, start + 9s));
  // The second has completed that one and begun another.
  CHECK_FALSE(ledger.heard(2, frame{1, 1}, start + 9s));
  CHECK(ledger.next_due() == start + 10s);
  CHECK(ledger.overdue(start + 10s - 1ns).empty());
  CHECK(ledger.overdue(start + 15s) == std::vector<client_ledger::id>{1});
  ledger.remove(1);
  CHECK(ledger.next_due() == start + 19s);
  CHECK_FALSE(ledger.heard(2, std::nullopt, start + 10s));
  CHECK_FALSE(ledger.next_due());
}

TEST_CASE("of frames that are not complete the largest goes first") {
  client_ledger ledger{small()};
  using frame = client_ledger::open_frame;
  for (client_ledger::id id = 1; id <= 3; ++id)
    ledger.add(id, root, start);
  CHECK_FALSE(ledger.heard(1, frame{0, 20}, start));
  CHECK_FALSE(ledger.heard(2, frame{0, 60}, start));
  CHECK(ledger.heard(3, frame{0, 30}, start) == 2);
  ledger.remove(2);
  CHECK_FALSE(ledger.heard(3, frame{0, 30}, start));
}

TEST_SUITE_END();
