// SPDX-License-Identifier: Apache-2.0
#include "core/share/orphans.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using owner = entry_owner;
using names = std::vector<std::string>;

TEST_SUITE_BEGIN("core/share/orphans");

TEST_CASE("what bears our mark and nobody knows is an orphan, in either mode") {
  const auto sorted = sort_entries({{{"b", owner::ours, {}},
                                     {"a", owner::ours, {}},
                                     {"live", owner::ours, {}}},
                                    {"c", "copied", "a"}},
                                   {"live", "copied", "elsewhere"});
  CHECK(sorted.orphans == names{"a", "b", "c"});
  CHECK(sorted.foreign.empty());
  CHECK(sorted.unclear.empty());
}

TEST_CASE("what bears no mark is foreign, and what cannot be told is neither, "
          "whoever knows it") {
  for (const std::set<std::string>& known :
       {std::set<std::string>{}, std::set<std::string>{"shim", "odd"}}) {
    const auto sorted = sort_entries(
      {{{"shim", owner::foreign, {}}, {"odd", owner::unclear, "damaged"}}, {}},
      known);
    CHECK(sorted.orphans.empty());
    CHECK(sorted.foreign == names{"shim"});
    CHECK(sorted.unclear == std::vector<path_reason>{{"odd", "damaged"}});
  }
}

TEST_CASE("requests get the orphans that they are about, in pages, and what is "
          "foreign with the first") {
  sorted_entries sorted;
  for (int i = 100; i < 300; ++i)
    sorted.orphans.push_back("box" + std::to_string(i));
  sorted.foreign = {"shim"};
  sorted.unclear = {{"odd", "damaged"}};
  const auto listed = orphans_asked_for({}, sorted, "/s");
  CHECK(listed.orphans.size() == 200);
  CHECK(listed.orphans_more == 0);
  CHECK(listed.foreign
        == std::vector<path_reason>{{"/s/shim", "it bears no mark of ours"},
                                    {"/s/odd", "damaged"}});
  collect_orphans_request next{{}, {}, true};
  std::set<std::string> seen;
  for (;;) {
    const auto page = orphans_asked_for(next, sorted, "/s");
    CHECK(page.orphans.size() <= most_orphans_removed);
    CHECK(page.foreign.empty() == !next.orphans_after.empty());
    for (const auto& each : page.orphans) {
      CHECK(seen.insert(each.sandbox_id).second);
      CHECK(!each.removed);
    }
    CHECK(page.orphans_more == 200 - seen.size());
    if (page.orphans_more == 0)
      break;
    next.orphans_after = page.orphans.back().sandbox_id;
  }
  const auto one = orphans_asked_for({"box150", {}, true}, sorted, "/s");
  REQUIRE(one.orphans.size() == 1);
  CHECK(one.orphans[0].sandbox_id == "box150");
  CHECK(one.foreign.empty());
  CHECK(orphans_asked_for({"shim", {}, true}, sorted, "/s").orphans.empty());
}

TEST_CASE("a state file that was set aside is needed as long as its sandbox is "
          "an orphan") {
  sorted_entries there;
  there.orphans = {"box", "lost"};
  there.foreign = {"gone"};
  there.unclear = {{"anywhere", "damaged"}};
  const auto sorted
    = sort_asides({"anew", "anywhere", "gone", "lost"}, told_by_asides(there));
  REQUIRE(sorted.size() == 4);
  CHECK(sorted[0] == aside_file{"anew", false, ""});
  CHECK(sorted[1].reason.find("sandbox 'anywhere'") != std::string::npos);
  CHECK(sorted[2] == aside_file{"gone", false, ""});
  CHECK(sorted[3].sandbox_id == "lost");
  CHECK(sorted[3].reason.find("sandbox 'lost'") != std::string::npos);
  CHECK(sort_asides({}, {"lost"}).empty());
}

TEST_SUITE_END();
