// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/shared_copies_fixture.hpp"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 500;

node_config per_sandbox() {
  node_config config;
  config.volumes.guest_copies = copy_scope::per_sandbox;
  return config;
}

payload numbered(int n) {
  return {{"a", {std::to_string(n)}}, {"d/b", {std::to_string(n)}}};
}

} // namespace

TEST_SUITE_BEGIN("actors/shared_copies");

TEST_CASE("an emptyDir is copied once per sandbox, and never sent again") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1");
    const auto source = add_empty_dir(w);
    // The second container may come while the first copy runs.
    auto first = w.actors.request(w.node, request_for("c1", source, "/cache"));
    run_some(w, 80);
    auto second = w.actors.request(w.node, request_for("c2", source, "/data"));
    w.settle();
    const auto one = w.actors.answer<share_file_reply>(first);
    const auto two = w.actors.answer<share_file_reply>(second);
    REQUIRE((one && *one && two && *two));
    CHECK((**one).guest_path == (**two).guest_path);
    CHECK((**two).raw_guest_path == (**two).guest_path);
    CHECK((**one).share_id != (**two).share_id);
    REQUIRE(guest_names(w).size() == 1);
    const auto copy = w.dir / ("guest-s1/" + guest_names(w).front());
    CHECK(read_file(copy + "/seed") == "from the host");

    std::ofstream{copy + "/seed"} << "by the workload";
    w.dir.write(empty_dir + "/late", "x");
    const auto sent = guest.carried_out.size();
    const auto third
      = w.ask<share_file_reply>(request_for("c3", source, "/cache"));
    REQUIRE(third);
    CHECK(third->guest_path == (**one).guest_path);
    w.pass(31s);
    CHECK(guest.carried_out.size() == sent);
    CHECK(read_file(copy + "/seed") == "by the workload");
  });
}

TEST_CASE(
  "an emptyDir outlives all its shares, and its container finds what it "
  "wrote") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1");
    const auto source = add_empty_dir(w);
    const auto request = request_for("c1", source, "/cache");
    // Answers are of no interest where nobody asks for them.
    tell(w.node, request);
    // Also unshared while the first copy runs.
    const bool early = choose.one_in(2);
    if (early)
      run_some(w, 60);
    else
      w.settle();
    const bool by_container = choose.one_in(2);
    unshare_file_request file;
    file.sandbox_id = "s1";
    file.container_id = "c1";
    file.destination = "/cache";
    if (by_container)
      REQUIRE(
        w.ask<unshare_container_reply>(unshare_container_request{"s1", "c1"}));
    else
      REQUIRE(w.ask<unshare_file_reply>(file));
    w.settle();
    const auto names = guest_names(w);
    const auto sent = guest.carried_out.size();
    for (const auto& name : names)
      std::ofstream{w.dir / ("guest-s1/" + name + "/seed")} << "mine";
    const auto again = w.ask<share_file_reply>(request);
    REQUIRE_MESSAGE(again, message(again));
    w.settle();
    if (names.empty())
      // Unshared before it was looked at.
      return;
    CHECK(guest_names(w) == names);
    CHECK(again->guest_path.ends_with(names.front()));
    CHECK(read_file(w.dir / ("guest-s1/" + names.front() + "/seed")) == "mine");
    CHECK(guest.carried_out.size() == sent);
  });
}

TEST_CASE("a first copy of an emptyDir that fails is removed, and the next "
          "share makes another") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_sandbox("s1");
    const auto source = add_empty_dir(w);
    auto first = w.actors.request(w.node, request_for("c1", source, "/cache"));
    auto second = w.actors.request(w.node, request_for("c2", source, "/cache"));
    w.fail_one_in = 1;
    const auto one = w.await<share_file_reply>(first);
    const auto two = w.await<share_file_reply>(second);
    CHECK_FALSE(one);
    w.fail_one_in = 0;
    w.pass(62s);
    const auto names = guest_names(w);
    CHECK(names.empty());
    CHECK_FALSE(two);
    const auto again
      = w.ask<share_file_reply>(request_for("c1", source, "/cache"));
    REQUIRE_MESSAGE(again, message(again));
    REQUIRE(guest_names(w).size() == 1);
    CHECK(again->guest_path.ends_with(guest_names(w).front()));
  });
}

TEST_CASE(
  "each container has a copy of its own unless one per sandbox is asked "
  "for") {
  for (const bool shared : {true, false}) {
    chooser choose{1};
    node_world w{choose, shared ? per_sandbox() : node_config{}};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    const auto one = w.share("s1", "c1", "cm");
    const auto two = w.share("s1", "c2", "cm");
    CHECK((one.guest_path == two.guest_path) == shared);
    CHECK(two.raw_guest_path == two.guest_path);
    CHECK(guest_names(w).size() == (shared ? 1 : 2));
    CHECK(w.status_of("cm").destinations.size() == (shared ? 1 : 2));
    // Trees are made once for each.
    w.dir.write("tree/f", "x");
    const auto tree
      = w.ask<share_file_reply>(request_for("c1", w.dir / "tree", "/t"));
    const auto other
      = w.ask<share_file_reply>(request_for("c2", w.dir / "tree", "/t"));
    REQUIRE((tree && other));
    CHECK(tree->guest_path != other->guest_path);
  }
}

TEST_CASE("the last Unshare removes a copy that containers share, no other one "
          "does") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose, per_sandbox()};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    std::vector<share_file_reply> shares;
    for (const char* container : {"c1", "c2", "c3"})
      shares.push_back(w.share("s1", container, "cm"));
    // The first one's too, whose name the copy has.
    for (std::size_t left = shares.size(); left > 0; --left) {
      const auto which = choose.pick(shares.size());
      kubelet.rotate(numbered(static_cast<int>(left)));
      w.pass(3s);
      w.check_equal("cm", "s1", guest_names(w).front());
      REQUIRE(w.ask<unshare_file_reply>(end_of(shares[which].share_id)));
      // Twice is once.
      REQUIRE(w.ask<unshare_file_reply>(end_of(shares[which].share_id)));
      shares.erase(shares.begin() + static_cast<std::ptrdiff_t>(which));
      CHECK(guest_names(w).size() == (left > 1 ? 1 : 0));
    }
    CHECK(w.ask<list_volumes_reply>(list_volumes_request{})
            ->volumes.listed.empty());
  });
}

TEST_CASE("who joins a copy finds what the host had then, or newer") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose, per_sandbox()};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    const auto first = w.share("s1", "c1", "cm");
    if (choose.one_in(3))
      REQUIRE(w.ask<stop_watcher_reply>(stop_watcher_request{"s1"}));
    const auto data = w.guest_dir("s1", first.share_id) + "/..data/";
    int published = 0;
    for (int joined = 0; joined < 3; ++joined) {
      for (auto n = choose.pick(4); n > 0; --n) {
        kubelet.rotate(numbered(++published));
        run_some(w, 40);
      }
      // Nobody needs to have told us.
      if (choose.one_in(2))
        w.lose_events();
      const auto then = published;
      auto pending = w.actors.request(
        w.node, w.volume_request("s1", "j" + std::to_string(joined), "cm"));
      // It goes on rotating while the share waits.
      if (choose.one_in(2)) {
        run_some(w, 40);
        kubelet.rotate(numbered(++published));
      }
      std::optional<result<share_file_reply>> got;
      for (int n = 0; n < 100000 && !got; ++n) {
        if (!w.step())
          w.actors.advance(100ms);
        got = w.actors.answer<share_file_reply>(pending);
      }
      REQUIRE(got);
      REQUIRE_MESSAGE(*got, message(*got));
      REQUIRE(std::filesystem::exists(data));
      CHECK(std::stoi(read_file(data + "a")) >= then);
      CHECK(read_file(data + "a") == read_file(data + "d/b"));
    }
  });
}

TEST_CASE(
  "who joins a copy that never comes to rest is answered all the same") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose, per_sandbox()};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    auto pending = w.actors.request(w.node, w.volume_request("s1", "c2", "cm"));
    std::optional<result<share_file_reply>> got;
    for (int n = 1; n < 200 && !got; ++n) {
      kubelet.rotate(numbered(n));
      for (auto steps = 5 + choose.pick(20); steps > 0; --steps)
        w.step();
      w.actors.advance(1ms);
      got = w.actors.answer<share_file_reply>(pending);
    }
    REQUIRE(got);
    CHECK(*got);
  });
}

TEST_CASE(
  "who joins a copy that cannot be made current gets the reason, and the "
  "copy stays for the others") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose, per_sandbox()};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    const auto first = w.share("s1", "c1", "cm");
    w.fail_one_in = 1;
    kubelet.rotate(numbered(1));
    auto pending = w.actors.request(w.node, w.volume_request("s1", "c2", "cm"));
    const auto refused = w.await<share_file_reply>(pending);
    REQUIRE_FALSE(refused);
    CHECK(refused.err().message.find("a fault of the test")
          != std::string::npos);
    w.fail_one_in = 0;
    w.pass(62s);
    CHECK(guest_names(w).size() == 1);
    w.check_equal("cm", "s1", first.share_id);
    const auto again = w.share("s1", "c2", "cm");
    CHECK(again.guest_path == first.guest_path);
  });
}

TEST_CASE("joins, ends and failures of one copy in any order leave what is "
          "shared whole, and nothing else") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose, per_sandbox()};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered(0));
    w.add_sandbox("s1");
    int published = 0;
    for (int n = 0; n < 12; ++n) {
      w.fail_one_in = choose.one_in(3) ? 6 : 0;
      w.drop_one_in = choose.one_in(4) ? 12 : 0;
      const auto container = "c" + std::to_string(choose.pick(3));
      if (choose.one_in(2))
        tell(w.node, w.volume_request("s1", container, "cm"));
      else
        tell(w.node, unshare_container_request{"s1", container});
      if (choose.one_in(4))
        kubelet.rotate(numbered(++published));
      run_some(w, 60);
      if (choose.one_in(4))
        w.actors.advance(std::chrono::milliseconds{choose.pick(300)});
    }
    w.fail_one_in = 0;
    w.drop_one_in = 0;
    w.pass(70s);
    const auto shown = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(shown);
    CHECK(shown->sandbox.leftovers.listed.empty());
    for (const auto& share : shown->shares.listed) {
      CHECK(share.ready);
      CHECK(share.guest_path == shown->shares.listed.front().guest_path);
    }
    REQUIRE(guest_names(w).size() == (shown->shares.listed.empty() ? 0 : 1));
    if (!shown->shares.listed.empty()) {
      CHECK(shown->shares.listed.front().guest_path.ends_with(
        guest_names(w).front()));
      w.check_equal("cm", "s1", guest_names(w).front());
    }
    REQUIRE(w.ask<cleanup_reply>(cleanup_request{"s1"}));
    CHECK(w.ask<list_volumes_reply>(list_volumes_request{})
            ->volumes.listed.empty());
  });
}

TEST_CASE("Cleanup in the middle of joins answers everybody") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose, per_sandbox()};
    w.add_volume("cm").rotate(numbered(0));
    w.add_sandbox("s1");
    auto one = w.actors.request(w.node, w.volume_request("s1", "c1", "cm"));
    run_some(w, 60);
    auto two = w.actors.request(w.node, w.volume_request("s1", "c2", "cm"));
    run_some(w, 60);
    tell(w.node, unshare_container_request{"s1", "c1"});
    run_some(w, 30);
    auto end = w.actors.request(w.node, cleanup_request{"s1"});
    w.settle();
    CHECK(w.actors.answer<share_file_reply>(one));
    CHECK(w.actors.answer<share_file_reply>(two));
    const auto cleaned = w.actors.answer<cleanup_reply>(end);
    REQUIRE(cleaned);
    CHECK_MESSAGE(*cleaned, message(*cleaned));
    CHECK(w.ask<list_volumes_reply>(list_volumes_request{})
            ->volumes.listed.empty());
  });
}

TEST_SUITE_END();
