// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"
#include "sys/mount/opened_source.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_mounts.hpp"

#include <memory>

using namespace fsshare;

namespace {

struct fixture : test::actor_fixture {
  std::shared_ptr<test::fake_mounts> mounts
    = std::make_shared<test::fake_mounts>();
  std::size_t let_go = 0;
  mounter_actor aut
    = spawn<mounter>(mounts, [this](const std::vector<opened_source_ptr>& all) {
        let_go += all.size();
      });
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

TEST_CASE_FIXTURE(fixture, "a scrape tells how many sandboxes are wiped") {
  mounts->wiped = 2;
  const auto got = ask<metrics_part>(caf::actor_cast<metrics_source>(aut),
                                     describe_metrics{});
  REQUIRE(got);
  const auto& all = got->metrics.all();
  const auto found
    = all.find({metric{"kata_fsshare_wiped_sandboxes"}.index(), {}});
  REQUIRE(found != all.end());
  CHECK(std::get<double>(found->second) == 2);
}

TEST_CASE_FIXTURE(fixture, "what a plan leaves behind is in the answer") {
  mounts->answers.emplace("unmount /r/box/mounts/n",
                          error{errc::internal, "busy"});

  const auto done = ask<plan_done>(aut, request_for(plan_unshare(layout, "n")));

  REQUIRE(done);
  CHECK(done->leftovers
        == std::vector<path_reason>{{"/r/box/mounts/n", "busy"}});
}

TEST_CASE_FIXTURE(fixture, "what the host unmounts is looked for where a share "
                           "follows it, once for changes that come together, "
                           "and again where something was in the way") {
  const auto changes = [this] {
    for (int i = 0; i < 3; ++i)
      tell(aut, host_mounts_changed{});
    run();
  };
  changes();
  advance(look_pace::settling);
  run();
  CHECK(mounts->looks == 0);
  mounts->follows = true;
  changes();
  CHECK(mounts->looks == 0);
  advance(look_pace::settling);
  run();
  CHECK(mounts->looks == 1);
  mounts->look = host_look{{}, false};
  changes();
  advance(look_pace::settling);
  run();
  CHECK(mounts->looks == 2);
  advance(look_pace::retry);
  run();
  CHECK(mounts->looks == 3);
}

TEST_CASE_FIXTURE(fixture, "mounts that were taken out of shares are let go "
                           "elsewhere, where that may block") {
  mounts->follows = true;
  host_look found;
  found.detached.push_back(
    std::make_shared<const opened_source>(unique_fd{}, true));
  mounts->look = std::move(found);
  tell(aut, host_mounts_changed{});
  run();
  advance(look_pace::settling);
  run();
  CHECK(let_go == 1);
}

TEST_SUITE_END();
