// SPDX-License-Identifier: Apache-2.0
#include "core/copy/copy_rest.hpp"

#include "core/paths.hpp"
#include "tests/support/guest_profiles.hpp"
#include "tests/support/tree_text.hpp"
#include "tests/unit/guest_dir.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <random>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr std::uint64_t chunk_bytes = 4;
// Names that meet each other's temp names.
constexpr std::array names{"a.b",     "a.c",     "a.tmp", "tls.crt",
                           "tls.key", "tls.tmp", "tls",   "z"};

copy_step file_step(const std::string& name, std::size_t size, char fill) {
  tree_snapshot tree;
  tree.entries.push_back(make_entry("", entry_type::file, size, fill));
  return plan_tree(tree, guest_path(name), profile_of("3.16.0")).steps.at(0);
}

tree_snapshot random_tree(std::mt19937& random) {
  tree_snapshot tree;
  const auto fill = [&](const std::string& dir) {
    tree.entries.push_back(make_entry(dir, entry_type::directory));
    char letter = 'a';
    for (const char* name : names) {
      const auto kind = random() % 6;
      const auto type = kind == 0   ? entry_type::symlink
                        : kind == 1 ? entry_type::directory
                                    : entry_type::file;
      if (kind < 5)
        tree.entries.push_back(
          make_entry(dir.empty() ? name : join(dir, name), type,
                     type == entry_type::file ? random() % 15 : 0, letter++));
      tree.entries.back().uid = random() % 2;
    }
  };
  fill("");
  fill("zz");
  fill("zz/yy");
  return tree;
}

copy_plan_ptr share(copy_plan plan) {
  return std::make_shared<const copy_plan>(std::move(plan));
}

// Sends a plan until all is acknowledged, or until it stops by chance; then
// each request without an answer happened or did not.
void send(copy_schedule& schedule, const guest_dir& guest, std::mt19937& random,
          bool may_stop) {
  std::vector<copy_request> flying;
  const auto carry_out = [&](const copy_request& request) {
    const auto& step = schedule.plan().steps[request.step];
    const auto done = guest.carry_out(step, request.offset, request.length);
    const bool is_last = request.offset + request.length == step.size;
    const auto why = done ? error{errc::none, {}} : done.err();
    CHECK_MESSAGE(was_done(step, is_last, why.code, why.message),
                  step.path << ": " << why.message);
  };
  while (!schedule.done()) {
    while (const auto request = schedule.next())
      flying.push_back(*request);
    REQUIRE_FALSE(flying.empty());
    std::shuffle(flying.begin(), flying.end(), random);
    if (may_stop && random() % 8 == 0) {
      for (const auto& request : flying)
        if (random() % 2 == 0)
          carry_out(request);
      return;
    }
    carry_out(flying.back());
    schedule.acknowledge(flying.back().id);
    flying.pop_back();
  }
}

// Returns what the guest has after a copy whose connection ended that often.
std::string copy_tree(const copy_plan_ptr& plan, guest::profile which,
                      std::mt19937& random, int interruptions) {
  const guest_dir guest{which};
  std::filesystem::create_directory(guest.dir / "v");
  std::optional<copy_schedule> schedule;
  schedule.emplace(plan, chunk_bytes);
  send(*schedule, guest, random, interruptions > 0);
  while (!schedule->done()) {
    auto rest = share(plan_rest(*schedule, guest.rules));
    schedule.emplace(rest, chunk_bytes);
    send(*schedule, guest, random, --interruptions > 0);
  }
  return describe_tree(guest.dir.path());
}

// A push to a volume that stands, of a tree with directories of any mode.
copy_plan random_push(std::mt19937& random, const guest_profile& rules) {
  volume_snapshot volume;
  volume.tree = random_tree(random);
  for (auto& entry : volume.tree.entries)
    if (entry.type == entry_type::directory)
      entry.mode = 0700 | (random() & 02077);
  push_options options;
  options.guest_root = guest_path("v");
  options.attempt_name = "..1";
  return plan_push(volume, options, rules);
}

// The same plan, with each directory before what is in it.
copy_plan_ptr with_parents_first(const copy_plan& plan) {
  auto out = plan;
  for (std::uint32_t parent = 0; parent < plan.steps.size(); ++parent)
    for (std::uint32_t i = 0; i < plan.steps.size(); ++i)
      if (plan.steps[i].stage == plan.steps[parent].stage
          && parent_path(plan.steps[i].path) == plan.steps[parent].path)
        out.order.push_back({parent, i});
  return share(std::move(out));
}

} // namespace

TEST_SUITE_BEGIN("core/copy/copy_rest");

TEST_CASE("a copy that was interrupted anywhere ends like one that was not, on "
          "every guest agent") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    INFO("seed ", seed);
    std::mt19937 random{seed};
    const auto which = all_profiles.at(seed % all_profiles.size());
    const auto plan
      = share(plan_tree(random_tree(random), guest_path("t"), rules_of(which)));
    const auto expected = copy_tree(plan, which, random, 0);
    CHECK(copy_tree(plan, which, random, 4) == expected);
  }
}

TEST_CASE("a generation ends the same in whichever order its requests happen, "
          "its directory's after those below it, too, and with interruptions") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    INFO("seed ", seed);
    std::mt19937 random{seed};
    const auto which = all_profiles.at(seed % all_profiles.size());
    const auto plan = share(random_push(random, rules_of(which)));
    const auto expected
      = copy_tree(with_parents_first(*plan), which, random, 0);
    CHECK(copy_tree(plan, which, random, 0) == expected);
    CHECK(copy_tree(plan, which, random, 4) == expected);
  }
}

TEST_CASE("guest agents that never truncate lose a file that is shorter than "
          "what was left under its temporary name, unless that is spent") {
  const auto left = file_step("tls.key", 10, 'k');
  const auto wanted = file_step("tls.crt", 3, 'c');
  for (const bool spends : {false, true}) {
    const guest_dir guest{guest::profile::v3_3};
    REQUIRE(guest.carry_out(left, 0, 8));
    if (spends) {
      REQUIRE(guest.carry_out(spend_step(left, left.announced_size), 0, 1));
      CHECK_FALSE(std::filesystem::exists(guest.dir / "tls.tmp"));
    }
    CHECK(guest.carry_out(wanted, 0, 3));
    CHECK(std::filesystem::exists(guest.dir / "tls.crt") == spends);
    if (spends)
      CHECK(read_file(guest.dir / "tls.crt") == "ccc");
  }
}

TEST_CASE("spending where nothing was left leaves the way free, too") {
  const guest_dir guest{guest::profile::v3_3};
  const auto wanted = file_step("a", 3, 'c');
  CHECK(guest.carry_out(spend_step(wanted, 3), 0, 1));
  CHECK(guest.carry_out(wanted, 0, 3));
  CHECK(read_file(guest.dir / "a") == "ccc");
}

TEST_CASE("the rest of a plan is what was not acknowledged, in its order") {
  tree_snapshot tree;
  tree.entries = {make_entry("", entry_type::directory),
                  make_entry("tls.crt", entry_type::file, 10),
                  make_entry("tls.key", entry_type::file, 2),
                  make_entry("z", entry_type::symlink)};
  const auto rules = profile_of("3.16.0");
  copy_schedule schedule{share(plan_tree(tree, "/g", rules)), chunk_bytes};
  schedule.acknowledge(schedule.next()->id);
  const auto crt = schedule.next();
  REQUIRE(schedule.plan().steps[crt->step].path == "/g/tls.crt");
  schedule.acknowledge(crt->id);
  const auto link = schedule.next();
  REQUIRE(schedule.plan().steps[link->step].path == "/g/z");

  const auto rest = plan_rest(schedule, rules);
  REQUIRE(rest.steps.size() == 4);
  CHECK(rest.steps[0].is_spending);
  CHECK(rest.steps[0].path == "/g/tls.crt");
  CHECK(rest.steps[0].offset == 10);
  CHECK(rest.steps[0].announced_size == 11);
  CHECK(rest.steps[1].path == "/g/tls.crt");
  CHECK_FALSE(rest.steps[1].is_spending);
  CHECK(rest.steps[2].path == "/g/tls.key");
  CHECK(rest.steps[3].may_exist);
  CHECK(rest.order == std::vector<step_order>{{0, 1}, {1, 2}});

  SUBCASE("a spending without an answer may have lengthened the temporary") {
    copy_schedule again{share(rest), chunk_bytes};
    REQUIRE(again.next());
    const auto third = plan_rest(again, rules);
    REQUIRE(third.steps.size() == 4);
    CHECK(third.steps[0].is_spending);
    CHECK(third.steps[0].offset == 11);
    CHECK(third.steps[3].may_exist);
  }
  SUBCASE("guest agents that truncate need none of it") {
    const auto newest = plan_rest(schedule, profile_of("4.1.0"));
    REQUIRE(newest.steps.size() == 3);
    CHECK_FALSE(newest.steps[0].is_spending);
    CHECK_FALSE(newest.steps[2].may_exist);
  }
}

TEST_CASE("a file that is its own temporary is sent again as it is") {
  tree_snapshot tree;
  tree.entries = {make_entry("", entry_type::file, 10)};
  const auto rules = profile_of("3.16.0");
  copy_schedule schedule{share(plan_tree(tree, "/g/a.tmp", rules)),
                         chunk_bytes};
  REQUIRE(schedule.next());
  CHECK(plan_rest(schedule, rules).steps.size() == 1);
}

TEST_CASE("spending counts as no progress") {
  copy_plan plan;
  plan.steps = {spend_step(file_step("a", 8, 'x'), 8), file_step("a", 8, 'x')};
  plan.order = {{0, 1}};
  copy_schedule schedule{share(std::move(plan)), chunk_bytes};
  CHECK(schedule.progress() == copy_progress{0, 1, 0, 8});
  schedule.acknowledge(schedule.next()->id);
  CHECK(schedule.progress() == copy_progress{0, 1, 0, 8});
  CHECK(schedule.oldest_in_flight() == nullptr);
  REQUIRE(schedule.next());
  REQUIRE(schedule.oldest_in_flight() != nullptr);
  CHECK(schedule.oldest_in_flight()->path == guest_path("a"));
}

TEST_SUITE_END();
