// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/actors/journaled_world.hpp"
#include "tests/actors/shared_copies_fixture.hpp"
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t seeds = 300;

std::size_t count_ending(const std::vector<std::string>& paths,
                         const std::string& end) {
  return static_cast<std::size_t>(
    std::count_if(paths.begin(), paths.end(), [&end](const auto& path) {
      return path.ends_with(end);
    }));
}

} // namespace

TEST_SUITE_BEGIN("actors/adopted_copies");

TEST_CASE("after a restart nothing is sent again that was acknowledged") {
  for_each_seed(100, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_volume("other").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto other = w.share("s1", "c1", "other").share_id;
    const auto tree = w.ask_over_time<share_file_reply>(tree_request(w, 3));
    REQUIRE(tree);
    const auto held = w.sandbox().held_bytes;
    w.pass(5s);
    w.restart();
    guest.carried_out.clear();
    w.pass(40s);
    CHECK(w.sent().empty());
    for (const auto* volume : {"cm", "other"})
      CHECK(w.status_of(volume).destinations.at(0).current);
    CHECK(w.sandbox().held_bytes == held);
    // The same requests get the same answers.
    CHECK(w.share("s1", "c1", "cm").share_id == id);
    CHECK(w.share("s1", "c1", "other").guest_path
          == "/run/kata-containers/shared/containers/" + other);
    const auto again = w.ask_over_time<share_file_reply>(tree_request(w, 3));
    REQUIRE(again);
    CHECK(again->share_id == tree->share_id);
    CHECK(again->guest_path == tree->guest_path);
    CHECK(w.sent().empty());
    for (const auto& share : {id, other, tree->share_id})
      CHECK(unshare(w, share).leftovers.empty());
    w.check_empty();
  });
}

TEST_CASE("what has rotated while no node agent ran arrives once, and nothing "
          "else is sent") {
  for_each_seed(100, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_volume("other").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto other = w.share("s1", "c1", "other").share_id;
    w.pass(5s);
    w.kill();
    kubelet.rotate(numbered(1));
    kubelet.rotate(numbered(2));
    guest.carried_out.clear();
    w.start();
    w.pass(10s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    w.check_equal("cm", "s1", id);
    const auto sent = w.sent();
    CHECK(count_ending(sent, "/..data") == 1);
    for (const auto& path : sent)
      CHECK_MESSAGE(path.find(other) == std::string::npos, path);
    unshare(w, id);
    unshare(w, other);
    w.check_empty();
  });
}

TEST_CASE("a node agent that is killed anywhere in a rotation loses none, and "
          "leaves nothing") {
  for_each_seed(seeds, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto held = w.sandbox().held_bytes;
    w.pass(3s);
    for (int n = 1; n <= 3; ++n) {
      kubelet.rotate(numbered(n));
      w.restart_somewhere(150);
      w.pass(std::chrono::milliseconds{choose.pick(3000)});
    }
    w.pass(45s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    w.check_equal("cm", "s1", id);
    const auto shown = w.sandbox();
    CHECK(shown.held_bytes == held);
    CHECK(shown.leftovers.listed.empty());
    CHECK(unshare(w, id).leftovers.empty());
    w.check_empty();
  });
}

TEST_CASE("a flip that may have been sent is settled before anything else is, "
          "by one to the live generation") {
  for_each_seed(seeds, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto data = w.guest_dir("s1", id) + "/..data";
    const auto first = kubelet.current();
    w.pass(3s);
    // The flip arrives, and is carried out or not.
    bool is_flipping = false;
    guest.on_arrival = [&](const grpc::CopyFileRequest& request) {
      is_flipping |= request.path().ends_with("/..data");
    };
    kubelet.rotate(numbered(1));
    w.run_until([&] {
      return is_flipping;
    });
    guest.on_arrival = nullptr;
    if (choose.one_in(2))
      for (std::size_t i = 0; i < guest.waiting(); ++i)
        if (const auto* copy = guest.waiting_copy(i);
            copy != nullptr && copy->path().ends_with("/..data")) {
          guest.carry_out_and_drop(i);
          break;
        }
    w.kill();
    guest.carried_out.clear();
    w.start();
    std::string named;
    guest.observer = [&] {
      if (named.empty() && !w.sent().empty())
        named = fs::read_symlink(data).string();
    };
    while (w.sent().empty())
      w.pass(100ms);
    guest.observer = nullptr;
    CHECK(w.sent().front().ends_with("/..data"));
    CHECK(named == first);
    w.pass(45s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    w.check_equal("cm", "s1", id);
    unshare(w, id);
    w.check_empty();
  });
}

TEST_CASE(
  "until the guest is reached no copy is said to be current, nor a tree "
  "ready") {
  for_each_seed(20, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    auto request = tree_request(w, 3);
    request.mount.read_only = true;
    REQUIRE(w.ask_over_time<share_file_reply>(request));
    w.pass(3s);
    w.kill();
    w.start();
    guest.refuses = true;
    w.pass(1s);
    CHECK_FALSE(w.status_of("cm").destinations.at(0).current);
    CHECK_FALSE(w.status_of("cm").destinations.at(0).reason.empty());
    const auto is_ready = [&w] {
      const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
      REQUIRE(got);
      return std::all_of(got->shares.listed.begin(), got->shares.listed.end(),
                         [](const auto& share) {
                           return share.ready;
                         });
    };
    CHECK_FALSE(is_ready());
    guest.refuses = false;
    w.pass(5s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    CHECK(is_ready());
  });
}

TEST_CASE("a guest that was started again while no node agent ran gets "
          "everything again") {
  for_each_seed(50, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    w.pass(3s);
    w.kill();
    fs::remove_all(w.guest_dir("s1", id));
    w.start();
    w.pass(10s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    const auto guest_dir = w.guest_dir("s1", id);
    CHECK(read_file(guest_dir + "/a") == "0");
  });
}

TEST_CASE("a guest that is being sent everything again when the node agent is "
          "killed gets it all the same") {
  for_each_seed(50, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    w.pass(3s);
    fs::remove_all(w.guest_dir("s1", id));
    bool is_sent_again = false;
    guest.on_arrival = [&](const grpc::CopyFileRequest& request) {
      is_sent_again |= request.path().ends_with("/d/b");
    };
    guest.drop();
    for (int n = 0; n < 100 && !is_sent_again; ++n) {
      w.actors.advance(100ms);
      while (!is_sent_again && w.step()) {
      }
    }
    REQUIRE(is_sent_again);
    guest.on_arrival = nullptr;
    w.restart();
    w.pass(65s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    w.check_equal("cm", "s1", id);
    CHECK(unshare(w, id).leftovers.empty());
    w.check_empty();
  });
}

TEST_CASE("a first copy during which the node agent is killed is undone, and "
          "who asks again gets an answer") {
  for_each_seed(seeds, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    const auto request = choose.one_in(2) ? w.volume_request("s1", "c1", "cm")
                                          : tree_request(w, 5);
    const auto first = w.actors.call<share_file_reply>(w.node, request);
    run_some(w, 200);
    const auto told = *first && **first ? (**first)->share_id : std::string{};
    w.restart();
    w.pass(std::chrono::milliseconds{choose.pick(2000)});
    const auto again = w.ask_until_answered<share_file_reply>(request);
    // Who has an answer already has started a container with it.
    if (!told.empty())
      CHECK(told == again.share_id);
    w.pass(65s);
    CHECK(guest_names(w) == std::vector{again.share_id});
    CHECK(w.sandbox().leftovers.listed.empty());
    CHECK(w.sandbox().held_bytes > 0);
    CHECK(unshare(w, again.share_id).leftovers.empty());
    w.check_empty();
  });
}

TEST_CASE("the end of a share during which the node agent is killed is gone on "
          "with") {
  for_each_seed(seeds, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    const auto request = choose.one_in(2) ? w.volume_request("s1", "c1", "cm")
                                          : tree_request(w, 5);
    const auto shared = w.ask_over_time<share_file_reply>(request);
    REQUIRE(shared);
    w.pass(3s);
    const auto first
      = w.actors.call<unshare_file_reply>(w.node, end_of(shared->share_id));
    run_some(w, 100);
    const bool answered = first->has_value();
    w.restart();
    w.pass(std::chrono::milliseconds{choose.pick(2000)});
    if (!answered)
      w.ask_until_answered<unshare_file_reply>(end_of(shared->share_id));
    w.pass(65s);
    w.check_empty();
    const auto again = w.ask_until_answered<share_file_reply>(request);
    CHECK(again.share_id != shared->share_id);
    unshare(w, again.share_id);
    w.check_empty();
  });
}

TEST_CASE("an emptyDir is never sent again, whoever asks after a restart") {
  for_each_seed(seeds, [](chooser& choose) {
    journaled_world w{choose};
    auto& guest = w.add_sandbox("s1");
    const auto source = add_empty_dir(w);
    const auto one
      = w.ask_over_time<share_file_reply>(request_for("c1", source, "/cache"));
    REQUIRE(one);
    const auto root = w.guest_dir("s1", one->share_id);
    std::ofstream{root + "/work"} << "of the workload";
    std::ofstream{root + "/seed"} << "changed by the workload";
    w.restart_somewhere(20);
    guest.carried_out.clear();
    w.pass(5s);
    const auto same
      = w.ask_over_time<share_file_reply>(request_for("c1", source, "/cache"));
    REQUIRE(same);
    CHECK(same->share_id == one->share_id);
    const auto two
      = w.ask_over_time<share_file_reply>(request_for("c2", source, "/data"));
    REQUIRE(two);
    CHECK(two->guest_path == one->guest_path);
    for (const auto& id : {one->share_id, two->share_id})
      CHECK(unshare(w, id).leftovers.empty());
    w.restart();
    w.pass(65s);
    const auto three
      = w.ask_over_time<share_file_reply>(request_for("c3", source, "/cache"));
    REQUIRE(three);
    CHECK(three->guest_path == one->guest_path);
    CHECK(w.sent().empty());
    CHECK(read_file(root + "/work") == "of the workload");
    CHECK(read_file(root + "/seed") == "changed by the workload");
  });
}

TEST_CASE("a part of an emptyDir during which the node agent is killed is sent "
          "once it is asked for again, and nothing else of it is touched") {
  for_each_seed(seeds, [](chooser& choose) {
    journaled_world w{choose};
    w.add_sandbox("s1");
    const auto source = add_empty_dir(w);
    const auto one
      = w.ask_over_time<share_file_reply>(request_for("c1", source, "/cache"));
    REQUIRE(one);
    const auto root = w.guest_dir("s1", one->share_id);
    std::ofstream{root + "/seed"} << "changed by the workload";
    for (int n = 0; n < 5; ++n)
      w.dir.write(empty_dir + "/part/f" + std::to_string(n), "text");
    const auto request = request_for("c2", source + "/part", "/part");
    const auto first = w.actors.call<share_file_reply>(w.node, request);
    run_some(w, 100);
    w.restart();
    w.pass(std::chrono::milliseconds{choose.pick(3000)});
    if (choose.one_in(2)) {
      // Nobody asks again: all of it is there, or nothing.
      w.pass(65s);
      CHECK(fs::exists(root + "/part") == fs::exists(root + "/part/f4"));
      CHECK(w.sandbox().leftovers.listed.empty());
      return;
    }
    const auto again = w.ask_until_answered<share_file_reply>(request);
    CHECK(again.guest_path == one->guest_path + "/part");
    w.pass(65s);
    CHECK(read_file(root + "/seed") == "changed by the workload");
    CHECK(read_file(root + "/part/f4") == "text");
    CHECK(w.sandbox().leftovers.listed.empty());
  });
}

TEST_CASE("what could not be removed before a restart is removed after it") {
  for_each_seed(50, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto tree = w.ask_over_time<share_file_reply>(tree_request(w, 3));
    REQUIRE(tree);
    guest.refuses = true;
    guest.drop();
    CHECK(unshare(w, id).leftovers.size() == 1);
    CHECK(unshare(w, tree->share_id).leftovers.size() == 1);
    w.pass(100ms);
    w.restart();
    w.pass(10s);
    w.check_empty();
  });
}

TEST_CASE("who was told that a sandbox is prepared finds it so after a "
          "restart") {
  for_each_seed(50, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    w.restart();
    const auto id = w.share("s1", "c1", "cm").share_id;
    w.check_equal("cm", "s1", id);
  });
}

TEST_CASE("a sandbox that is not followed is not after a restart") {
  for_each_seed(20, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    REQUIRE(w.ask<stop_watcher_reply>(stop_watcher_request{"s1"}));
    w.restart();
    kubelet.rotate(numbered(1));
    w.pass(40s);
    CHECK_FALSE(w.is_equal("cm", "s1", id));
    CHECK_FALSE(w.sandbox().watcher_running);
    REQUIRE(w.ask<start_watcher_reply>(start_watcher_request{"s1"}));
    w.pass(5s);
    w.check_equal("cm", "s1", id);
  });
}

TEST_CASE("a Cleanup during which the node agent is killed is ended, whatever "
          "the guest does") {
  for_each_seed(100, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    auto& guest = w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    const auto first
      = w.actors.call<cleanup_reply>(w.node, cleanup_request{"s1"});
    run_some(w, 50);
    w.kill();
    guest.refuses = true;
    w.start();
    const auto done = w.ask_over_time<cleanup_reply>(cleanup_request{"s1"});
    CHECK_MESSAGE(done, message(done));
    w.settle();
    CHECK(fs::is_empty(w.dir / "state"));
    CHECK_FALSE(w.is_known("cm"));
  });
}

TEST_CASE("where nothing can be removed whatever a former node agent has begun "
          "is told, however often it is started again") {
  for_each_seed(100, [](chooser& choose) {
    journaled_world w{choose};
    w.add_volume("cm").rotate(numbered(0));
    w.add_volume("other").rotate(numbered(0));
    w.add_sandbox("s1", guest::profile::v3_3);
    const auto whole = w.share("s1", "c1", "other").share_id;
    w.pass(3s);
    const auto request = choose.one_in(2) ? w.volume_request("s1", "c1", "cm")
                                          : tree_request(w, 5);
    w.actors.call<share_file_reply>(w.node, request);
    run_some(w, 200);
    bool is_shared = true;
    for (int starts = 0; starts < 3; ++starts) {
      w.restart();
      w.pass(65s);
      std::set<std::string> told;
      for (const auto& each : w.sandbox().leftovers.listed)
        told.insert(std::string{base_name(each.path)});
      const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
      REQUIRE(got);
      for (const auto& share : got->shares.listed)
        told.insert(share.share_id);
      for (const auto& name : guest_names(w))
        CHECK_MESSAGE(told.contains(name), name);
      if (std::exchange(is_shared, false))
        CHECK_FALSE(unshare(w, whole).leftovers.empty());
    }
  });
}

TEST_CASE("where nothing can be removed old generations that were emptied are "
          "told after a restart, too") {
  for_each_seed(50, [](chooser& choose) {
    journaled_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1", guest::profile::v3_3);
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto check_told = [&] {
      const auto shown = w.status_of("cm").destinations.at(0);
      CHECK(shown.current);
      std::set<std::string> told{"..data"};
      for (const auto& path : shown.not_removable)
        told.insert(std::string{base_name(path)});
      const auto live
        = fs::read_symlink(w.guest_dir("s1", id) + "/..data").string();
      CHECK_FALSE(told.contains(live));
      for (const auto& name : entries_of(w.guest_dir("s1", id)))
        if (name.starts_with("..") && name != live)
          CHECK_MESSAGE(told.contains(name), name);
    };
    for (int n = 1; n <= 6; ++n) {
      kubelet.rotate(numbered(n));
      w.pass(5s);
      check_told();
      if (n % 2 == 0) {
        w.restart();
        w.pass(10s);
        check_told();
      }
    }
  });
}

TEST_SUITE_END();
