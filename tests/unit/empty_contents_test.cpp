// SPDX-License-Identifier: Apache-2.0
#include "core/copy/empty_contents.hpp"

#include "core/copy/copy_schedule.hpp"
#include "tests/unit/guest_dir.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t chunk_bytes = 4;

// Names that meet each other's temp names.
constexpr std::array names{"a.b",     "a.c",     "a.tmp", "tls.crt", "tls.key",
                           "tls.tmp", "tls",     "z",     ".tmp",    "b.tmp",
                           "b.tmp.x", "b.tmp.0", "c.tmp", "c.0",     "c"};

const guest_profile oldest = profile_of("3.16.0");

tree_snapshot random_tree(std::mt19937& random) {
  tree_snapshot tree;
  for (const char* dir : {"", "deep"}) {
    tree.entries.push_back(make_entry(dir, entry_type::directory));
    for (const char* name : names)
      if (random() % 3 != 0)
        tree.entries.push_back(
          make_entry(join(dir, name), entry_type::file, random() % 13));
  }
  return tree;
}

std::uint64_t held_bytes(const guest_dir& guest) {
  std::uint64_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator{guest.dir.path()})
    if (entry.is_regular_file() && !entry.is_symlink())
      sum += entry.file_size();
  return sum;
}

void carry_out_all(const copy_plan& plan, const guest_dir& guest,
                   std::mt19937& random) {
  copy_schedule schedule{std::make_shared<const copy_plan>(plan), chunk_bytes};
  std::vector<copy_request> flying;
  while (!schedule.done()) {
    while (const auto request = schedule.next())
      flying.push_back(*request);
    REQUIRE_FALSE(flying.empty());
    std::shuffle(flying.begin(), flying.end(), random);
    const auto request = flying.back();
    flying.pop_back();
    const auto& step = plan.steps[request.step];
    const auto done = guest.carry_out(step, request.offset, request.length);
    CHECK_MESSAGE((done || step.is_unlinking), step.path);
    schedule.acknowledge(request.id);
  }
}

// Copies, perhaps in part, and says what may be there.
guest_contents copy_some(const copy_plan& plan, const guest_dir& guest,
                         std::mt19937& random, bool may_stop) {
  copy_schedule schedule{std::make_shared<const copy_plan>(plan), chunk_bytes};
  std::vector<copy_request> flying;
  while (!schedule.done()) {
    while (const auto request = schedule.next())
      flying.push_back(*request);
    std::shuffle(flying.begin(), flying.end(), random);
    const auto request = flying.back();
    flying.pop_back();
    REQUIRE(guest.carry_out(plan.steps[request.step], request.offset,
                            request.length));
    // The answer may be lost.
    if (may_stop && random() % 16 == 0)
      break;
    schedule.acknowledge(request.id);
  }
  guest_contents made;
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].type == entry_type::file
        && schedule.reach(i) != step_reach::untouched)
      made.files.push_back({plan.steps[i].path, plan.steps[i].announced_size,
                            schedule.reach(i) == step_reach::done});
  return made;
}

} // namespace

TEST_SUITE_BEGIN("core/copy/empty_contents");

TEST_CASE("no byte stays of a tree, whole or copied in part, however its names "
          "meet their temporaries'") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    INFO("seed ", seed);
    std::mt19937 random{seed};
    const guest_dir guest{guest::profile::v3_3};
    const auto plan = plan_tree(random_tree(random), guest_path("t"), oldest);
    const auto made = copy_some(plan, guest, random, seed % 2 == 0);
    const auto emptying = plan_emptying({made});
    CHECK(emptying.why_not == std::vector<std::string>{""});
    carry_out_all(emptying.plan, guest, random);
    CHECK(held_bytes(guest) == 0);
    // And again, as after an answer that was lost.
    carry_out_all(emptying.plan, guest, random);
    CHECK(held_bytes(guest) == 0);
  }
}

TEST_CASE("links go before what they lead to, and the one that they lead "
          "through last") {
  const guest_dir guest{guest::profile::v3_3};
  fs::create_directories(guest.dir / "v/..1");
  guest.dir.write("v/..1/key", "secret");
  fs::create_symlink("..1", guest.dir / "v/..data");
  fs::create_symlink("..data/key", guest.dir / "v/key");
  guest_contents contents;
  contents.links = {guest_path("v/key")};
  contents.files = {{guest_path("v/..1/key"), 6}};
  contents.last_links = {guest_path("v/..data")};
  std::mt19937 random{1};
  carry_out_all(plan_emptying({contents}).plan, guest, random);
  CHECK(held_bytes(guest) == 0);
  CHECK_FALSE(fs::is_symlink(guest.dir / "v/key"));
  CHECK_FALSE(fs::is_symlink(guest.dir / "v/..data"));
}

TEST_CASE("a file whose temporary would meet a link or a directory is left, "
          "with the reason, and what the link leads to is not touched") {
  const guest_dir guest{guest::profile::v3_3};
  guest.dir.write("other", "not ours");
  fs::create_directories(guest.dir / "t");
  guest.dir.write("t/a.b", "secret");
  guest.dir.write("t/z", "secret");
  fs::create_symlink("../other", guest.dir / "t/a.tmp");
  tree_snapshot tree;
  tree.entries = {make_entry("", entry_type::directory),
                  make_entry("a.b", entry_type::file, 6),
                  make_entry("a.tmp", entry_type::symlink),
                  make_entry("z", entry_type::file, 6)};
  guest_contents contents;
  add_contents(contents, tree, guest_path("t"));
  const auto emptying = plan_emptying({contents});
  REQUIRE(emptying.why_not.size() == 1);
  CHECK(emptying.why_not[0].find("t/a.b") != std::string::npos);
  std::mt19937 random{1};
  carry_out_all(emptying.plan, guest, random);
  CHECK(read_file(guest.dir / "other") == "not ours");
  CHECK(read_file(guest.dir / "t/a.b") == "secret");
  CHECK(read_file(guest.dir / "t/z").empty());
}

TEST_CASE("each path has its steps, and what is finished and empty needs "
          "none") {
  guest_contents one;
  one.files = {{"/g/1/a", 5}, {"/g/1/empty", 0}};
  guest_contents two;
  two.files = {{"/g/2/b", 5, false}};
  const auto emptying = plan_emptying({one, {}, two});
  std::vector<std::pair<std::string, std::uint32_t>> steps;
  for (std::size_t i = 0; i < emptying.plan.steps.size(); ++i)
    steps.emplace_back(emptying.plan.steps[i].path, emptying.path_of_step[i]);
  CHECK(steps
        == std::vector<std::pair<std::string, std::uint32_t>>{
          {"/g/1/a", 0}, {"/g/2/b", 2}, {"/g/2/b", 2}});
  // The unfinished one's temporary is spent first.
  CHECK(emptying.plan.steps[1].is_spending);
  REQUIRE(emptying.plan.order.size() == 1);
  CHECK(emptying.plan.order[0] == step_order{1, 2});
}

TEST_SUITE_END();
