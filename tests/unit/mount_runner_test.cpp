// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_runner.hpp"
#include "tests/support/fake_mounts.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

using lines = std::vector<std::string>;

const share_layout layout{"/r", "box", "/g"};
const error broken{errc::permission_denied, "Operation not permitted"};

mount_plan three_directories() {
  mount_plan plan{layout, on_failure::undo, {}};
  plan.steps = {make_directory{"/r/a", 0}, make_directory{"/r/b", 0},
                make_directory{"/r/c", 0}};
  return plan;
}

} // namespace

TEST_SUITE_BEGIN("sys/mount/mount_runner");

TEST_CASE("the steps of a plan run in order and are counted") {
  test::fake_mounts mounts;
  mounts.answers.emplace("make directory /r/b", step_outcome{});

  const auto done = run(three_directories(), mounts);

  REQUIRE(done);
  CHECK(done->changed == 2);
  CHECK(mounts.tried
        == lines{"make directory /r/a", "make directory /r/b",
                 "make directory /r/c"});
}

TEST_CASE("a failed step undoes what changed before it, in reverse") {
  test::fake_mounts mounts;
  auto plan = three_directories();
  plan.steps.emplace_back(make_directory{"/r/d", 0});
  mounts.answers.emplace("make directory /r/b", step_outcome{});
  mounts.answers.emplace("make directory /r/d", broken);

  const auto failed = run(plan, mounts);

  REQUIRE(!failed);
  CHECK(failed.err().code == errc::permission_denied);
  CHECK(failed.err().message == "make directory /r/d: Operation not permitted");
  CHECK(mounts.tried
        == lines{"make directory /r/a", "make directory /r/b",
                 "make directory /r/c", "make directory /r/d",
                 "remove directory /r/c", "remove directory /r/a"});
}

TEST_CASE("an undo that fails is told and does not stop the others") {
  test::fake_mounts mounts;
  mounts.answers.emplace("make directory /r/c", broken);
  mounts.answers.emplace("remove directory /r/b",
                         error{errc::internal, "busy"});

  const auto failed = run(three_directories(), mounts);

  REQUIRE(!failed);
  CHECK(failed.err().message
        == "make directory /r/c: Operation not permitted; undo: "
           "remove directory /r/b: busy");
  CHECK(mounts.tried.back() == "remove directory /r/a");
}

TEST_CASE("a plan that goes on tries the rest but not what holds leftovers") {
  test::fake_mounts mounts;
  mounts.answers.emplace(
    "remove mount points in /r/box/mounts",
    step_outcome{true, false, {{"/r/box/mounts/x", "a file with content"}}});

  const auto done = run(plan_cleanup(layout), mounts);

  REQUIRE(done);
  CHECK(
    done->leftovers
    == std::vector<path_reason>{{"/r/box/mounts/x", "a file with content"}});
  const lines last{mounts.tried.end() - 2, mounts.tried.end()};
  CHECK(last
        == lines{"remove mount points in /r/box/mounts",
                 "remove directory /r/box/shared"});
}

TEST_CASE("what is not ours is listed once, and keeps only the directories "
          "above it") {
  test::fake_mounts mounts;
  mounts.answers.emplace(
    "remove mount points in /r/box/mounts",
    step_outcome{
      true, false, {}, {{"/r/box/mounts/x", "a file with content"}}});
  mounts.answers.emplace("remove sandbox directory /r/box",
                         step_outcome{true,
                                      false,
                                      {},
                                      {{"/r/box/mounts", "it is not ours"},
                                       {"/r/box/extra", "it is not ours"}}});

  const auto done = run(plan_cleanup(layout), mounts);

  REQUIRE(done);
  CHECK(done->leftovers.empty());
  CHECK(done->foreign
        == std::vector<path_reason>{{"/r/box/mounts/x", "a file with content"},
                                    {"/r/box/extra", "it is not ours"}});
  const lines last{mounts.tried.end() - 3, mounts.tried.end()};
  CHECK(last
        == lines{"remove mount points in /r/box/mounts",
                 "remove directory /r/box/shared",
                 "remove sandbox directory /r/box"});
}

TEST_CASE("an undo that meets what is not ours is told") {
  test::fake_mounts mounts;
  mounts.answers.emplace("make directory /r/c", broken);
  mounts.answers.emplace(
    "remove directory /r/b",
    step_outcome{
      false, false, {}, {{"/r/b", "a directory that is not empty"}}});

  const auto failed = run(three_directories(), mounts);

  REQUIRE(!failed);
  CHECK(failed.err().message
        == "make directory /r/c: Operation not permitted; undo: "
           "remove directory /r/b: a directory that is not empty");
}

TEST_CASE("without the mark nothing of cleanup is tried") {
  test::fake_mounts mounts;
  mounts.answers.emplace("check mark /r/box/.fsshare", broken);

  const auto failed = run(plan_cleanup(layout), mounts);

  REQUIRE(!failed);
  CHECK(failed.err().message
        == "check mark /r/box/.fsshare: Operation not permitted");
  CHECK(mounts.tried.size() == 1);
}

TEST_CASE("a step that ends a plan leaves the rest out") {
  test::fake_mounts mounts;
  mounts.answers.emplace("check mark /r/box/.fsshare",
                         step_outcome{false, true, {}});

  const auto done = run(plan_cleanup(layout), mounts);

  REQUIRE(done);
  CHECK(done->changed == 0);
  CHECK(mounts.tried.size() == 1);
}

TEST_CASE("without a share root nothing can be made and nothing is left") {
  test::fake_mounts mounts;
  mounts.no_share_root = true;

  CHECK(run(plan_cleanup(layout), mounts));
  CHECK(!run(three_directories(), mounts));
}

TEST_SUITE_END();
