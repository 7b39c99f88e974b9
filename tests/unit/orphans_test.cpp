// SPDX-License-Identifier: Apache-2.0
#include "core/share/orphans.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using owner = entry_owner;
using names = std::vector<std::string>;

TEST_SUITE_BEGIN("core/share/orphans");

TEST_CASE("what bears our mark and nobody knows is an orphan, in either mode") {
  const auto sorted = sort_entries(
    {{"b", owner::ours, {}}, {"a", owner::ours, {}}, {"live", owner::ours, {}}},
    {"c", "copied", "a"}, {"live", "copied", "elsewhere"});
  CHECK(sorted.orphans == names{"a", "b", "c"});
  CHECK(sorted.foreign.empty());
  CHECK(sorted.unclear.empty());
}

TEST_CASE("what bears no mark is foreign, and what cannot be told is neither, "
          "whoever knows it") {
  for (const std::set<std::string>& known :
       {std::set<std::string>{}, std::set<std::string>{"shim", "odd"}}) {
    const auto sorted = sort_entries(
      {{"shim", owner::foreign, {}}, {"odd", owner::unclear, "damaged"}}, {},
      known);
    CHECK(sorted.orphans.empty());
    CHECK(sorted.foreign == names{"shim"});
    CHECK(sorted.unclear == std::vector<path_reason>{{"odd", "damaged"}});
  }
}

TEST_SUITE_END();
