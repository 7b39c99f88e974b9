// SPDX-License-Identifier: Apache-2.0
#include "core/events/node_event.hpp"
#include "log/log.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("events/node_event");

TEST_CASE("every event has a name of its own, a sentence and a row in the "
          "operators' guide") {
  const auto guide = test::read_file("docs/operating.md");
  std::set<std::string_view> names;
  std::size_t place = 0;
  for (const auto& each : known_node_events) {
    INFO(each.name);
    CHECK(static_cast<std::size_t>(each.id) == place++);
    CHECK(entry_of(each.id).name == each.name);
    CHECK(names.insert(each.name).second);
    CHECK(each.about.ends_with("."));
    CHECK(guide.find("| `" + std::string{each.name} + "` | "
                     + std::string{each.about} + " |")
          != std::string::npos);
    node_event what;
    what.id = each.id;
    CHECK(sentence(what).size() > 10);
  }
}

TEST_CASE("an event that the log has too is as much trouble as its line") {
  std::size_t shared = 0;
  for (const auto& each : known_node_events) {
    const auto line
      = std::find_if(log::known_events.begin(), log::known_events.end(),
                     [&each](const auto& known) {
                       return known.name == each.name;
                     });
    if (line == log::known_events.end() || line->level == log_level::debug)
      continue;
    ++shared;
    CHECK_MESSAGE((line->level == log_level::info) == !each.is_trouble,
                  each.name);
  }
  CHECK(shared > 10);
}

TEST_CASE("sentences say what failed, how often, and when it is tried again") {
  node_event failed{event_id::push_failed, "box1"};
  failed.detail = "CopyFile /g/a: PERMISSION_DENIED";
  CHECK(sentence(failed) == "push failed: CopyFile /g/a: PERMISSION_DENIED");
  failed.failures = 3;
  failed.next_try = 1500ms;
  CHECK(sentence(failed)
        == "push failed: CopyFile /g/a: PERMISSION_DENIED; 3 failures in a "
           "row; next try in 1500ms");
  node_event live{event_id::generation_live, "box1"};
  live.generation = "..7";
  live.lag = 1234567ns;
  CHECK(sentence(live) == "the guest acknowledged generation ..7 after 1234us");
  live.lag = 61s + 1ns;
  live.is_superseded = true;
  CHECK(sentence(live)
        == "the guest acknowledged generation ..7 after 61s; the host has a "
           "newer one already");
  node_event hinted{event_id::volume_hinted};
  hinted.detail = "read now";
  CHECK(sentence(hinted)
        == "the kernel told of a change of the volume: read now");
}

TEST_CASE("a call is told with who made it") {
  node_event call{event_id::call_audited, "box1"};
  event_caller by{0, 47, "Cleanup", errc::none};
  call.caller = std::make_shared<event_caller>(by);
  CHECK(sentence(call) == "Cleanup by user 0, process 47: OK");
  by.code = errc::not_found;
  by.pid = 0;
  by.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  call.caller = std::make_shared<event_caller>(by);
  CHECK(sentence(call)
        == "Cleanup by user 0, trace 4bf92f3577b34da6a3ce929d0e0e4736: "
           "NOT_FOUND");
}

TEST_SUITE_END();
