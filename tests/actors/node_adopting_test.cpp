// SPDX-License-Identifier: Apache-2.0
#include "actors/events.hpp"
#include "actors/mounter.hpp"
#include "actors/node.hpp"
#include "actors/sandbox.hpp"
#include "log/log.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_mounts.hpp"
#include "tests/support/journal_samples.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

struct fixture : actor_fixture {
  std::shared_ptr<fake_mounts> mounts = std::make_shared<fake_mounts>();
  mounter_actor mounter_of_all = spawn<mounter>(mounts);
  events_actor events = spawn<event_keeper>(events_options{});
  node_actor node = spawn<state_actor<node_state>>(
    [this](const std::string& id, const std::optional<sandbox_remains>& left) {
      sandbox_options options{id, "/r", "/g/containers", submounts::take};
      options.remains = left;
      sandbox_neighbours with;
      with.mounter = mounter_of_all;
      return spawn<state_actor<sandbox_state>>(options, with);
    },
    registry_actor{}, mark_places{mounter_of_all, "/r", "/m"}, events);

  fixture() {
    log::set_up({log_level::error, log_format::logfmt});
  }

  static recorded_sandbox recorded(const std::string& id) {
    recorded_sandbox out;
    out.prepare = prepare_of(id);
    return out;
  }
  /// What was told, a line each.
  std::string told() {
    const auto got = ask<event_page>(events, watch_events{});
    REQUIRE(got);
    std::string out;
    for (const auto& each : got->events)
      out += std::string{entry_of(each.what.id).name} + " "
             + each.what.sandbox_id + each.what.share_id + ": "
             + sentence(each.what) + "\n";
    return out;
  }
};

} // namespace

TEST_SUITE_BEGIN("actors/node: adopting");

TEST_CASE_FIXTURE(fixture,
                  "what becomes of the sandboxes of an earlier process "
                  "is told") {
  adopted_sandbox goes_on{recorded("box1"), {}};
  adopted_sandbox lacks{recorded("box2"), {"web-1"}};
  REQUIRE(ask<sandboxes_adopted>(
    node, adopt_sandboxes{
            {{recorded("box1"), goes_on},
             {recorded("box2"), lacks},
             {recorded("box3"), lost_sandbox{"/r/box3/mounts: not there"}},
             {recorded("box4"), unfinished_sandbox{}}}}));
  CHECK(told()
        == "sandbox-adopted box1: the sandbox of an earlier process goes on\n"
           "sandbox-adopted box2: the sandbox of an earlier process goes on\n"
           "share-lost box2web-1: somebody has unmounted the share\n"
           "sandbox-lost box3: the sandbox is lost, only Cleanup is left: "
           "/r/box3/mounts: not there\n"
           "sandbox-unfinished box4: what an earlier process did not end is "
           "cleaned up\n");
}
