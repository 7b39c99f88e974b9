// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/failing_calls.hpp"
#include "tests/faults/plan_cases.hpp"

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Far more than any plan makes, so that only an endless loop meets it.
constexpr std::size_t many = 2000;

// Runs a plan in which the call number `at` fails.
result<plan_done> run_failing(mount_fixture& f, const mount_plan& plan,
                              std::size_t at) {
  const failing_calls calls{at};
  return f.run(plan);
}

// Checks the sentence of a plan that failed. Classic mounts may leave behind
// the directory that they are made in; that is told, and the next plan takes it
// away.
void check_failed(mount_fixture& f, const plan_case& c,
                  const std::string& sentence) {
  // Before any step the share root is looked at.
  CHECK_MESSAGE((sentence.starts_with("share root " + f.layout.share_root())
                 || names_step(sentence, c.plan)),
                sentence);
  if (!exists(f.layout.staging_dir()))
    return;
  CHECK_MESSAGE(sentence.find(f.layout.staging_dir()) != std::string::npos,
                sentence);
  if (c.before.empty()) {
    f.cleanup();
  } else {
    f.must_run(c.plan);
    f.must_run(c.reverse);
  }
}

} // namespace

TEST_SUITE_BEGIN("faults: system calls");

TEST_CASE("whichever system call fails, a plan that makes is undone") {
  std::size_t cases = 0;
  for_each_way([&](mount_fixture& f) {
    make_sources(f);
    for (const auto& c : making_plans(f)) {
      for (const auto& plan : c.before)
        f.must_run(plan);
      const auto before = look_at_world(f);
      for (std::size_t at = 0; at < many; ++at) {
        const auto done = run_failing(f, c.plan, at);
        const auto failed = failing_calls::failed();
        INFO(c.name, ", call ", at, ": ", failed);
        if (done)
          f.must_run(c.reverse);
        else
          check_failed(f, c, done.err().message);
        CHECK_MESSAGE((done || !failed.empty()), done.err().message);
        check_same(before, f);
        if (failed.empty())
          break;
        ++cases;
      }
      if (!c.before.empty())
        f.cleanup();
    }
  });
  MESSAGE(cases, " failed system calls");
}

TEST_CASE("whichever system call fails, what a plan could not take away is "
          "told, and goes the next time") {
  std::size_t cases = 0;
  for_each_way([&](mount_fixture& f) {
    make_sources(f);
    const auto empty = look_at_world(f);
    for (const auto& c : removing_plans(f)) {
      for (std::size_t at = 0; at < many; ++at) {
        for (const auto& plan : c.before)
          f.must_run(plan);
        const auto sources = describe_sources(f);
        const auto done = run_failing(f, c.plan, at);
        const auto failed = failing_calls::failed();
        INFO(c.name, ", call ", at, ": ", failed);
        CHECK(describe_sources(f) == sources);
        const auto again = f.run(c.plan);
        REQUIRE_MESSAGE(again, (again ? "" : again.err().message));
        CHECK(again->leftovers.empty());
        // Told as done, it was done.
        if (done && done->leftovers.empty())
          CHECK(again->changed == 0);
        f.cleanup();
        check_same(empty, f);
        if (failed.empty())
          break;
        ++cases;
      }
    }
  });
  MESSAGE(cases, " failed system calls");
}

TEST_SUITE_END();
