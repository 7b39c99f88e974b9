// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_mounts.hpp"

#include <memory>

using namespace fsshare;

namespace {

struct fixture : test::actor_fixture {
  std::shared_ptr<test::fake_mounts> mounts
    = std::make_shared<test::fake_mounts>();
  mounter_actor aut = spawn<mounter>(mounts);
  share_layout layout{"/r", "box", "/g"};

  run_plan request_for(mount_plan plan) {
    return {std::make_shared<const mount_plan>(std::move(plan)), {}};
  }
};

} // namespace

TEST_SUITE_BEGIN("actors/mounter");

TEST_CASE_FIXTURE(fixture, "a plan is run and answered with what it did") {
  const auto done = ask<plan_done>(aut, request_for(plan_unshare(layout, "n")));

  REQUIRE(done);
  CHECK(done->changed == 2);
  CHECK(done->leftovers.empty());
  CHECK(mounts->tried
        == std::vector<std::string>{"unmount /r/box/mounts/n",
                                    "remove mount point /r/box/mounts/n"});
}

TEST_CASE_FIXTURE(fixture, "a failed plan is answered with its sentence") {
  mounts->answers.emplace("make sandbox directory /r/box",
                          error{errc::failed_precondition, "not ours"});

  const auto failed = ask<plan_done>(
    aut, request_for(*plan_prepare(layout, {}, submounts::take)));

  REQUIRE(!failed);
  CHECK(failed.err()
        == error{errc::failed_precondition,
                 "make sandbox directory /r/box: not ours"});
}

TEST_CASE_FIXTURE(fixture, "what a plan leaves behind is in the answer") {
  mounts->answers.emplace("unmount /r/box/mounts/n",
                          error{errc::internal, "busy"});

  const auto done = ask<plan_done>(aut, request_for(plan_unshare(layout, "n")));

  REQUIRE(done);
  CHECK(done->leftovers == std::vector<leftover>{{"/r/box/mounts/n", "busy"}});
}

TEST_SUITE_END();
