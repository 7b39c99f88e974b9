// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_budget.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

tree_snapshot files(std::initializer_list<std::uint64_t> sizes) {
  tree_snapshot tree;
  tree.entries.emplace_back();
  for (const auto size : sizes) {
    tree_entry file;
    file.type = entry_type::file;
    file.size = size;
    tree.entries.push_back(file);
  }
  return tree;
}

} // namespace

TEST_SUITE_BEGIN("core/copy/guest_budget");

TEST_CASE("files take whole pages of memory, directories none") {
  CHECK(guest_memory_of(files({})) == 0);
  CHECK(guest_memory_of(files({0})) == 0);
  CHECK(guest_memory_of(files({1})) == 4096);
  CHECK(guest_memory_of(files({4096, 4097})) == 3 * 4096);
}

TEST_CASE("room is taken up to the limit and no further") {
  guest_budget budget{100};
  CHECK(budget.reserve("/g/a", 60));
  CHECK(budget.reserve("/g/b", 40));
  CHECK(budget.held() == 100);
  const auto refused = budget.reserve("/g/c", 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.err().code == errc::resource_exhausted);
  CHECK(refused.err().message
        == "copy to guest path /g/c: it takes 1 bytes of the guest's memory, "
           "the sandbox's copies have 100 of at most 100 "
           "(copy.limits.sandbox_bytes)");
  CHECK(budget.held() == 100);
  CHECK(budget.reserve("/g/c", 0));
}

TEST_CASE("the same path takes room once") {
  guest_budget budget{100};
  CHECK(budget.reserve("/g/a", 60));
  CHECK(budget.reserve("/g/a", 90));
  CHECK(budget.held() == 90);
  CHECK_FALSE(budget.reserve("/g/a", 101));
  CHECK(budget.held() == 90);
  CHECK(budget.reserve("/g/a", 10));
  CHECK(budget.held() == 10);
}

TEST_CASE("what is removed gives back its room and that of all below it") {
  guest_budget budget{100};
  CHECK(budget.reserve("/g/a", 10));
  CHECK(budget.reserve("/g/a/..1", 20));
  CHECK(budget.reserve("/g/a-b", 30));
  CHECK(budget.reserve("/g/a/..2", 40));
  budget.release("/g/a/..1");
  CHECK(budget.held() == 80);
  budget.release("/g/a/..1");
  CHECK(budget.held() == 80);
  budget.release("/g/a");
  CHECK(budget.held() == 30);
  budget.release("/g/other");
  CHECK(budget.held() == 30);
}

TEST_CASE("a path where nothing was made gives back its own room only") {
  guest_budget budget{100};
  CHECK(budget.reserve("/g/a", 10));
  CHECK(budget.reserve("/g/a/..1", 20));
  budget.cancel("/g/a");
  CHECK(budget.held() == 20);
}

TEST_CASE("without a limit everything has room, and is counted") {
  guest_budget budget{0};
  CHECK(budget.reserve("/g/a", std::uint64_t{1} << 50));
  CHECK(budget.held() == std::uint64_t{1} << 50);
}

TEST_CASE("relief is told once, and only after a refusal") {
  guest_budget budget{100};
  CHECK(budget.reserve("/g/a", 100));
  CHECK_FALSE(budget.take_relief());
  CHECK_FALSE(budget.reserve("/g/b", 1));
  CHECK_FALSE(budget.take_relief());
  budget.release("/g/a");
  CHECK(budget.take_relief());
  CHECK_FALSE(budget.take_relief());
  CHECK(budget.reserve("/g/a", 100));
  budget.release("/g/a");
  CHECK_FALSE(budget.take_relief());
}

TEST_SUITE_END();
