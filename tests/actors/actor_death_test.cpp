// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/journaled_world.hpp"
#include "tests/actors/shared_copies_fixture.hpp"
#include "tests/actors/world_requests.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t seeds = 300;

using names = std::set<std::string>;

const names every_actor{
  "events",  "guest-proxy", "inotify-reader", "journal",  "memory-budget",
  "mounter", "node",        "reader-pool",    "registry", "sandbox"};

/// Lets an actor die soon: what sends to the guest of an exception after some
/// more requests, or any one after some more steps.
void strike(journaled_world& w, std::size_t most_steps) {
  if (w.choose.one_in(2)) {
    w.guest("s1").throws_after = w.choose.pick(12);
    return;
  }
  run_some(w, most_steps);
  w.let_one_die();
}

/// No actor dies any more.
void calm_down(journaled_world& w) {
  w.guest("s1").throws_after.reset();
  w.settle();
}

} // namespace

TEST_SUITE_BEGIN("main/actor_death");

TEST_CASE("rotations during which any actor dies arrive all the same after the "
          "restart, and take the guest's memory that they need") {
  names dead;
  for_each_seed(seeds, [&dead](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto held = w.sandbox().held_bytes;
    CHECK(held > 0);
    for (int n = 1; n <= 3; ++n) {
      kubelet.rotate(numbered(n));
      strike(w, 150);
      for (auto ticks = choose.pick(30); ticks > 0; --ticks)
        w.pass(100ms);
    }
    calm_down(w);
    w.pass(45s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    w.check_equal("cm", "s1", id);
    const auto shown = w.sandbox();
    CHECK(shown.held_bytes == held);
    CHECK(shown.leftovers.listed.empty());
    CHECK(unshare(w, id).leftovers.empty());
    w.check_empty();
    for (const auto& each : w.deaths()) {
      CHECK_FALSE(each.why.empty());
      CHECK(each.sandbox
            == (each.actor == "sandbox" || each.actor == "guest-proxy" ? "s1"
                                                                       : ""));
      dead.insert(each.actor);
    }
  });
  CHECK(dead == every_actor);
}

TEST_CASE("a first copy during which any actor dies is undone, and who asks "
          "again gets an answer") {
  for_each_seed(seeds, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    const auto request = choose.one_in(2) ? w.volume_request("s1", "c1", "cm")
                                          : tree_request(w, 10);
    const auto first = w.actors.call<share_file_reply>(w.node, request);
    std::string told;
    // Later ones nobody hears.
    w.actors.on_death = [&] {
      if (*first && **first)
        told = (**first)->share_id;
    };
    strike(w, 200);
    calm_down(w);
    w.actors.on_death = nullptr;
    const auto again = w.ask_until_answered<share_file_reply>(request);
    // Who has an answer already has started a container with it.
    if (!told.empty())
      CHECK(told == again.share_id);
    w.pass(65s);
    const std::vector<std::string> only{again.share_id};
    CHECK(guest_names(w) == only);
    CHECK(w.sandbox().leftovers.listed.empty());
    CHECK(unshare(w, again.share_id).leftovers.empty());
    w.check_empty();
  });
}

TEST_CASE("the end of a share during which any actor dies is gone on with") {
  for_each_seed(seeds, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto request = choose.one_in(2) ? w.volume_request("s1", "c1", "cm")
                                          : tree_request(w, 10);
    const auto shared = w.ask_over_time<share_file_reply>(request);
    REQUIRE(shared);
    w.pass(3s);
    guest.throws_after = 0;
    const auto ended
      = w.ask_until_answered<unshare_file_reply>(end_of(shared->share_id));
    CHECK(w.deaths().size() == 1);
    CHECK(ended.leftovers.size() <= 1);
    w.pass(65s);
    w.check_empty();
  });
}

TEST_CASE("a sandbox of which an actor died is cleaned up like any other") {
  for_each_seed(100, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    kubelet.rotate(numbered(1));
    strike(w, 100);
    run_some(w, 100);
    w.ask_until_answered<cleanup_reply>(cleanup_request{"s1"});
    calm_down(w);
    CHECK_FALSE(w.is_known("cm"));
    w.pass(40s);
    CHECK(guest.waiting() == 0);
    CHECK(fs::is_empty(w.dir / "state"));
  });
}

TEST_CASE("what ends with its sandbox, or its share, is no death") {
  for_each_seed(20, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    unshare(w, id);
    w.share("s1", "c1", "cm");
    REQUIRE(w.ask_over_time<cleanup_reply>(cleanup_request{"s1"}));
    w.pass(5s);
    CHECK(w.deaths().empty());
    CHECK_FALSE(w.actors.has_deaths());
  });
}

TEST_SUITE_END();
