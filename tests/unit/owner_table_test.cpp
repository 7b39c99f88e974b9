// SPDX-License-Identifier: Apache-2.0
#include "core/share/owner_table.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

namespace fsshare {

namespace {

using namespace std::chrono_literals;
using state = owner_status::state;

const owner_table::time_point start{1h};

process_identity process(std::int32_t pid, std::uint64_t start_time = 100) {
  return {pid, start_time, "ns"};
}

owner_table::settings grace_of(std::chrono::nanoseconds grace) {
  owner_table::settings out;
  out.grace = grace;
  return out;
}

/// Returns the actions of one kind.
template <class Action>
std::vector<Action> of(const owner_actions& all) {
  std::vector<Action> out;
  for (const auto& each : all)
    if (const auto* one = std::get_if<Action>(&each))
      out.push_back(*one);
  return out;
}

std::vector<std::string> ends(const owner_actions& all) {
  std::vector<std::string> out;
  for (const auto& each : of<end_sandbox>(all))
    out.push_back(each.sandbox_id);
  return out;
}

struct fixture {
  owner_table table{grace_of(1min)};

  state state_of(const std::string& id = "s1") {
    const auto shown = table.describe(id, start);
    REQUIRE(shown);
    return shown->is;
  }
};

} // namespace

TEST_SUITE("owner table") {
  TEST_CASE_FIXTURE(fixture, "the owner is watched, written down and shown") {
    const auto actions = table.prepared("s1", process(7));
    CHECK(of<watch_process>(actions) == std::vector{watch_process{process(7)}});
    CHECK(of<record_owner>(actions)
          == std::vector{record_owner{"s1", process(7)}});
    CHECK(actions.size() == 2);
    const auto shown = table.describe("s1", start);
    REQUIRE(shown);
    CHECK(shown->is == state::alive);
    CHECK(shown->pid == 7);
    CHECK_FALSE(table.describe("s2", start));
    // The same again is nothing new.
    CHECK(table.prepared("s1", process(7)).empty());
  }

  TEST_CASE_FIXTURE(fixture,
                    "a sandbox is ended once its owner was gone for the grace, "
                    "not before, and once") {
    table.prepared("s1", process(7));
    CHECK_FALSE(table.next_due());
    CHECK(ends(table.due(start + 24h)).empty());
    const auto gone = table.ended(process(7), start);
    CHECK(of<owner_is_gone>(gone)
          == std::vector{owner_is_gone{"s1", process(7)}});
    CHECK(of<record_owner>(gone)
          == std::vector{record_owner{"s1", gone_owner{process(7), start}}});
    CHECK(table.next_due() == start + 1min);
    CHECK(ends(table.due(start + 1min - 1ns)).empty());
    const auto shown = table.describe("s1", start + 20s);
    REQUIRE(shown);
    CHECK(shown->is == state::gone);
    CHECK(shown->pid == 7);
    CHECK(shown->gone_for == 20s);
    CHECK(shown->ends_in == 40s);
    CHECK(ends(table.due(start + 1min)) == std::vector<std::string>{"s1"});
    CHECK(ends(table.due(start + 2min)).empty());
    CHECK_FALSE(table.next_due());
    table.removed("s1");
    CHECK_FALSE(table.describe("s1", start));
  }

  TEST_CASE("without a grace a lost owner is shown, and nothing is ended") {
    owner_table table{grace_of(0s)};
    table.prepared("s1", process(7));
    table.ended(process(7), start);
    CHECK_FALSE(table.next_due());
    CHECK(ends(table.due(start + 10000h)).empty());
    const auto shown = table.describe("s1", start + 3h);
    REQUIRE(shown);
    CHECK(shown->is == state::gone);
    CHECK(shown->gone_for == 3h);
    CHECK(shown->ends_in < 0s);
  }

  TEST_CASE_FIXTURE(fixture,
                    "one that is not known, or nobody, is never gone") {
    table.prepared("s1", unknown_owner{"why"});
    table.prepared("s2", no_owner{});
    CHECK(table.ended(process(0), start).empty());
    CHECK(ends(table.due(start + 1000h)).empty());
    CHECK(state_of("s1") == state::unknown);
    CHECK(table.describe("s1", start)->reason == "why");
    CHECK(state_of("s2") == state::nobody);
    // Nor does a command that uses them and ends become their owner.
    CHECK(table.used("s1", process(9), start).empty());
    CHECK(table.used("s2", process(9), start).empty());
    CHECK(table.ended(process(9), start).empty());
    CHECK(state_of("s1") == state::unknown);
    CHECK(state_of("s2") == state::nobody);
  }

  TEST_CASE_FIXTURE(fixture, "each Prepare names the owner anew") {
    table.prepared("s1", process(7));
    const auto actions = table.prepared("s1", process(8));
    CHECK(of<watch_process>(actions) == std::vector{watch_process{process(8)}});
    CHECK(of<unwatch_process>(actions)
          == std::vector{unwatch_process{process(7)}});
    CHECK(of<record_owner>(actions)
          == std::vector{record_owner{"s1", process(8)}});
    CHECK(table.ended(process(7), start).empty());
    CHECK(state_of() == state::alive);
    CHECK(of<record_owner>(table.prepared("s1", no_owner{})).size() == 1);
    CHECK(table.ended(process(8), start).empty());
    CHECK(state_of() == state::nobody);
  }

  TEST_CASE_FIXTURE(fixture,
                    "a number that another process has is another owner") {
    table.prepared("s1", process(7, 100));
    table.ended(process(7, 100), start);
    table.prepared("s2", process(7, 200));
    CHECK(state_of("s1") == state::gone);
    CHECK(state_of("s2") == state::alive);
    CHECK(table.ended(process(7, 100), start).empty());
    CHECK(state_of("s2") == state::alive);
  }

  TEST_CASE_FIXTURE(fixture, "who comes back takes a lost sandbox over") {
    table.prepared("s1", process(7));
    table.ended(process(7), start);
    SUBCASE("by any request") {
      const auto actions = table.used("s1", process(8), start + 50s);
      CHECK(of<watch_process>(actions)
            == std::vector{watch_process{process(8)}});
      CHECK(of<record_owner>(actions)
            == std::vector{record_owner{"s1", process(8)}});
    }
    SUBCASE("by Prepare") {
      table.prepared("s1", process(8));
    }
    CHECK(state_of() == state::alive);
    CHECK(table.describe("s1", start)->pid == 8);
    CHECK_FALSE(table.next_due());
    CHECK(ends(table.due(start + 24h)).empty());
    table.ended(process(8), start + 100s);
    CHECK(table.next_due() == start + 160s);
  }

  TEST_CASE_FIXTURE(fixture, "who cannot be told and comes back has all of the "
                             "grace to go on") {
    table.prepared("s1", process(7));
    table.ended(process(7), start);
    table.used("s1", std::nullopt, start + 50s);
    CHECK(state_of() == state::gone);
    CHECK(table.next_due() == start + 110s);
  }

  TEST_CASE_FIXTURE(fixture, "a command that uses a sandbox takes it away from "
                             "nobody") {
    table.prepared("s1", process(7));
    CHECK(table.used("s1", process(9), start).empty());
    CHECK(table.describe("s1", start)->pid == 7);
    CHECK(table.ended(process(9), start).empty());
    CHECK(state_of() == state::alive);
    CHECK(table.used("s2", process(9), start).empty());
    CHECK_FALSE(table.describe("s2", start));
  }

  TEST_CASE_FIXTURE(fixture, "who used a sandbox last is its next owner") {
    table.prepared("s1", process(7));
    table.used("s1", process(8), start);
    table.used("s1", process(7), start);
    const auto actions = table.ended(process(7), start);
    CHECK(of<watch_process>(actions) == std::vector{watch_process{process(8)}});
    CHECK(of<owner_is_gone>(actions).empty());
    CHECK(table.describe("s1", start)->pid == 8);
    // Perhaps it was a command: then that is told at once.
    CHECK(of<owner_is_gone>(table.ended(process(8), start)).size() == 1);
    CHECK(table.next_due() == start + 1min);
  }

  TEST_CASE_FIXTURE(fixture, "sandboxes of one process are lost together, and "
                             "it is watched once") {
    CHECK(of<watch_process>(table.prepared("s1", process(7))).size() == 1);
    CHECK(of<watch_process>(table.prepared("s2", process(7))).empty());
    table.prepared("s3", process(8));
    CHECK(of<unwatch_process>(table.removed("s1")).empty());
    table.prepared("s1", process(7));
    CHECK(of<owner_is_gone>(table.ended(process(7), start)).size() == 2);
    CHECK(state_of("s3") == state::alive);
    CHECK(of<unwatch_process>(table.removed("s3"))
          == std::vector{unwatch_process{process(8)}});
    CHECK(of<record_owner>(table.removed("s2")).empty());
    CHECK(table.removed("s2").empty());
  }

  TEST_CASE_FIXTURE(fixture, "what is in use is tried again ever more rarely, "
                             "and the reason is news once") {
    table.prepared("s1", process(7));
    table.ended(process(7), start);
    auto now = start + 1min;
    auto last_wait = 0ns;
    for (int i = 0; i < 10; ++i) {
      CHECK(ends(table.due(now)) == std::vector<std::string>{"s1"});
      CHECK(table.describe("s1", now)->ends_in == 0s);
      CHECK(table.kept("s1", "in use", now) == (i == 0));
      REQUIRE(table.next_due());
      const auto wait = *table.next_due() - now;
      CHECK(wait >= pacing::orphan_ends.first / 2);
      CHECK(wait <= pacing::orphan_ends.last);
      CHECK(ends(table.due(now + wait - 1ns)).empty());
      now += wait;
      last_wait = wait;
    }
    CHECK(last_wait >= pacing::orphan_ends.last / 2);
    CHECK(table.describe("s1", now)->reason == "in use");
    table.due(now);
    CHECK(table.kept("s1", "another reason", now));
  }

  TEST_CASE_FIXTURE(fixture,
                    "an end that fails late ends no sandbox that is used") {
    table.prepared("s1", process(7));
    table.ended(process(7), start);
    table.due(start + 1min);
    SUBCASE("by one that lives") {
      table.used("s1", process(8), start + 1min);
      CHECK_FALSE(table.kept("s1", "in use", start + 2min));
      CHECK_FALSE(table.next_due());
      CHECK(state_of() == state::alive);
    }
    SUBCASE("by one that is gone again") {
      table.used("s1", process(8), start + 1min);
      table.ended(process(8), start + 1min);
      CHECK_FALSE(table.kept("s1", "in use", start + 70s));
      CHECK(table.next_due() == start + 2min);
    }
    SUBCASE("nor one that is there no more") {
      table.removed("s1");
      CHECK_FALSE(table.kept("s1", "in use", start + 2min));
      CHECK_FALSE(table.describe("s1", start));
    }
  }

  TEST_CASE_FIXTURE(fixture, "an earlier process's owner is watched again") {
    const auto actions = table.restored("s1", process(7), "ns");
    CHECK(actions == owner_actions{watch_process{process(7)}});
    CHECK(state_of() == state::alive);
    // It ended while nobody looked.
    table.ended(process(7), start);
    CHECK(table.next_due() == start + 1min);
  }

  TEST_CASE_FIXTURE(fixture,
                    "one of another PID namespace is not known, never gone") {
    for (const auto* here : {"other", ""}) {
      CHECK(table.restored("s1", process(7), here).empty());
      CHECK(state_of() == state::unknown);
      CHECK(table.ended(process(7), start).empty());
      CHECK_FALSE(table.next_due());
    }
    // Two that cannot be told are not the same.
    CHECK(table.restored("s2", process_identity{7, 100, ""}, "").empty());
    CHECK(state_of("s2") == state::unknown);
  }

  TEST_CASE_FIXTURE(fixture, "the grace goes on from when the owner was lost") {
    CHECK(table.restored("s1", gone_owner{process(7), start}, "ns").empty());
    CHECK(table.next_due() == start + 1min);
    CHECK(table.restored("s2", no_owner{}, "ns").empty());
    CHECK(table.restored("s3", unknown_owner{"why"}, "ns").empty());
    CHECK(state_of("s1") == state::gone);
    CHECK(state_of("s2") == state::nobody);
    CHECK(state_of("s3") == state::unknown);
  }

  TEST_CASE_FIXTURE(fixture, "sandboxes are counted by how their owners are") {
    table.restored("s1", gone_owner{process(7), start}, "ns");
    for (const auto* id : {"s2", "s3"})
      table.restored(id, no_owner{}, "ns");
    for (const auto* id : {"s4", "s5", "s6"})
      table.restored(id, unknown_owner{"why"}, "ns");
    for (const auto* id : {"s7", "s8", "s9", "s10"})
      table.prepared(id, process(8));
    auto counts = table.count();
    CHECK(counts.gone == 1);
    CHECK(counts.nobody == 2);
    CHECK(counts.unknown == 3);
    CHECK(counts.alive == 4);
    table.ended(process(8), start);
    table.removed("s7");
    counts = table.count();
    CHECK(counts.gone == 4);
    CHECK(counts.alive == 0);
  }

  TEST_CASE("terms name one owner at most") {
    CHECK(check(owner_terms{}));
    CHECK(check(owner_terms{7, false}));
    CHECK(check(owner_terms{0, true}));
    for (const owner_terms& bad :
         {owner_terms{7, true}, owner_terms{(1U << 22) + 1, false}}) {
      const auto refused = check(bad);
      REQUIRE_FALSE(refused);
      CHECK(refused.err().code == errc::invalid_argument);
      CHECK(refused.err().message.find("owner_pid") == 0);
    }
  }
}

} // namespace fsshare
