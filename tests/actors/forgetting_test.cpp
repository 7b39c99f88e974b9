// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"
#include "actors/reader_pool.hpp"
#include "actors/sandbox.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_mounts.hpp"
#include "tests/support/in_place_runner.hpp"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

using lines = std::vector<std::string>;

/// A REGISTRY that writes down what it is told of sandboxes.
struct noting_registry_state {
  using handle = registry_actor;
  static constexpr const char* name = "noting-registry";

  noting_registry_state(handle::pointer, std::shared_ptr<lines> out)
    : said(std::move(out)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [](const add_destination&) {
        return destination_added{};
      },
      [](const await_current&) {
        return destination_added{};
      },
      [](const remove_destination&) {
        return destination_removed{};
      },
      [this](const forget_sandbox& msg) -> caf::result<void> {
        said->push_back("forget " + msg.sandbox_id);
        return caf::unit;
      },
      [this](const follow_sandbox& msg) -> caf::result<void> {
        said->push_back((msg.follow ? "follow " : "stop ") + msg.sandbox_id);
        return caf::unit;
      },
      [](const guest_reached&) {},
      [](const describe_volumes&) {
        return volume_page{};
      },
      [](const describe_leftovers&) {
        return leftover_page{};
      },
      [](const volume_changed&) {},
      [](volumes_overflowed) {},
      [](const registry_tick&) {},
    };
  }
  std::shared_ptr<lines> said;
};

struct fixture : actor_fixture {
  std::shared_ptr<fake_mounts> mounts = std::make_shared<fake_mounts>();
  std::shared_ptr<in_place_runner> readers
    = std::make_shared<in_place_runner>();
  std::shared_ptr<lines> said = std::make_shared<lines>();
  sandbox_actor aut = make();

  sandbox_actor make() {
    sandbox_neighbours with;
    with.mounter = spawn<mounter>(mounts);
    with.registry = spawn<state_actor<noting_registry_state>>(said);
    with.reader = spawn<reader_pool>(reader_pool_options{}, readers,
                                     read_queue::settings{});
    with.nonce = [] {
      return std::uint64_t{1};
    };
    return spawn<state_actor<sandbox_state>>(
      sandbox_options{"box", "/r", "/g/containers", submounts::take}, with);
  }
  result<prepare_reply> prepare() {
    prepare_request request;
    request.sandbox_id = "box";
    request.mode = sharing_mode::shared_filesystem;
    return ask<prepare_reply>(aut, request);
  }
  void end() {
    stop(aut);
    aut = nullptr;
    run();
  }
};

} // namespace

TEST_SUITE_BEGIN("actors/forgetting");

TEST_CASE_FIXTURE(fixture,
                  "a watcher that was stopped in a sandbox of any mode "
                  "runs in the next one of its id") {
  REQUIRE(prepare());
  REQUIRE(ask<stop_watcher_reply>(aut, stop_watcher_request{"box"}));
  CHECK(*said == lines{"stop box"});
  REQUIRE(ask<cleanup_reply>(aut, cleanup_request{"box"}));
  CHECK(*said == lines{"stop box", "forget box"});
}

TEST_CASE_FIXTURE(fixture,
                  "a sandbox is forgotten once, before its end is answered") {
  SUBCASE("after a Cleanup") {
    REQUIRE(prepare());
    REQUIRE(ask<cleanup_reply>(aut, cleanup_request{"box"}));
    CHECK(*said == lines{"forget box"});
  }
  SUBCASE("after a Prepare that fails") {
    mounts->no_share_root = true;
    REQUIRE_FALSE(prepare());
    CHECK(*said == lines{"forget box"});
  }
  SUBCASE("again after another Prepare") {
    mounts->no_share_root = true;
    REQUIRE_FALSE(prepare());
    mounts->no_share_root = false;
    REQUIRE(prepare());
    said->clear();
    REQUIRE(ask<cleanup_reply>(aut, cleanup_request{"box"}));
    CHECK(*said == lines{"forget box"});
  }
  said->clear();
  end();
  CHECK(said->empty());
}

TEST_CASE_FIXTURE(fixture,
                  "a sandbox that ends without a Cleanup is forgotten") {
  REQUIRE(prepare());
  end();
  CHECK(*said == lines{"forget box"});
}

TEST_SUITE_END();
