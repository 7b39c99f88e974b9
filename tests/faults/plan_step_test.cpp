// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/plan_cases.hpp"
#include "tests/support/failing_mounts.hpp"

#include "core/paths.hpp"

#include <algorithm>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Returns whether a sentence reports that a step could not be undone.
bool tells_undo(const std::string& sentence, const mount_step& undo) {
  return sentence.find("; undo: " + describe(undo) + ": ") != std::string::npos
         || sentence.find("; " + describe(undo) + ": ") != std::string::npos;
}

// Checks that what the steps before `failed` made is there exactly if the
// sentence says that its undo failed. A mount may also have gone with the one
// that it was on.
void check_reported(const mount_plan& plan, std::size_t failed,
                    const std::string& sentence) {
  const auto mounts = mount_table();
  for (std::size_t i = 0; i < failed; ++i) {
    const auto undo = undo_of(plan.steps[i]);
    if (!undo)
      continue;
    const bool told = tells_undo(sentence, *undo);
    INFO(describe(*undo), " in: ", sentence);
    if (std::holds_alternative<unmount>(*undo))
      CHECK((told || !has_mount(mounts, path_of(*undo))));
    else
      CHECK(told == exists(path_of(*undo)));
  }
}

} // namespace

TEST_SUITE_BEGIN("faults: plan steps");

TEST_CASE("whichever step of whichever plan fails, nothing is different") {
  std::size_t cases = 0;
  for_each_way([&](mount_fixture& f) {
    make_sources(f);
    for (const auto& c : making_plans(f)) {
      for (const auto& plan : c.before)
        f.must_run(plan);
      const auto before = look_at_world(f);
      for (std::size_t at = 0; at < c.plan.steps.size(); ++at, ++cases) {
        INFO(c.name, ", step ", at);
        failing_mounts mounts{*f.kernel, at};
        const auto failed = run(c.plan, mounts, open_sources(c.plan));
        REQUIRE(!failed);
        CHECK(failed.err().message
              == describe(c.plan.steps[at]) + ": made to fail");
        check_same(before, f);
      }
      // Without a failure it works.
      f.must_run(c.plan);
      f.must_run(c.reverse);
      check_same(before, f);
      if (!c.before.empty())
        f.cleanup();
    }
  });
  MESSAGE(cases, " failed steps");
  CHECK(cases >= 400);
}

TEST_CASE("where an undo fails too, exactly what it left is told") {
  std::size_t cases = 0;
  for_each_way([&](mount_fixture& f) {
    make_sources(f);
    const auto empty = look_at_world(f);
    for (const auto& c : making_plans(f)) {
      for (std::size_t at = 1; at < c.plan.steps.size(); ++at) {
        for (std::size_t undo = 0; undo < at; ++undo, ++cases) {
          for (const auto& plan : c.before)
            f.must_run(plan);
          INFO(c.name, ", step ", at, ", undo ", undo);
          failing_mounts mounts{*f.kernel, at,
                                describe(*undo_of(c.plan.steps[undo]))};
          const auto failed = run(c.plan, mounts, open_sources(c.plan));
          REQUIRE(!failed);
          CHECK(failed.err().message.starts_with(describe(c.plan.steps[at])
                                                 + ": made to fail; undo: "));
          check_reported(c.plan, at, failed.err().message);
          CHECK(tells_undo(failed.err().message, *undo_of(c.plan.steps[undo])));
          f.must_run(plan_cleanup(f.layout));
          check_same(empty, f);
        }
      }
    }
  });
  MESSAGE(cases, " failed undos");
}

TEST_CASE("whichever step of a plan that takes away fails, the rest is told, "
          "and goes the next time") {
  std::size_t cases = 0;
  for_each_way([&](mount_fixture& f) {
    make_sources(f);
    const auto empty = look_at_world(f);
    for (const auto& c : removing_plans(f)) {
      for (std::size_t at = 0; at < c.plan.steps.size(); ++at, ++cases) {
        INFO(c.name, ", step ", at);
        for (const auto& plan : c.before)
          f.must_run(plan);
        const auto before = look_at_world(f);
        const auto sources = describe_sources(f);
        const auto step = describe(c.plan.steps[at]);
        failing_mounts mounts{*f.kernel, step};
        const auto failed = run(c.plan, mounts, open_sources(c.plan));
        CHECK(describe_sources(f) == sources);
        if (failed) {
          const auto& left = failed->leftovers;
          CHECK(std::any_of(left.begin(), left.end(), [&](const auto& one) {
            return one.path == path_of(c.plan.steps[at])
                   && one.reason == "made to fail";
          }));
        } else {
          CHECK(failed.err().message == step + ": made to fail");
          check_same(before, f);
        }
        f.must_run(c.plan);
        CHECK(f.run(c.plan)->changed == 0);
        f.cleanup();
        check_same(empty, f);
      }
    }
  });
  MESSAGE(cases, " failed steps");
}

TEST_SUITE_END();
