// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 500;

payload numbered_keys(int n) {
  const auto text = std::to_string(n);
  return {{"a", {text}}, {"d/b", {text}}, {"key-" + text, {text}}};
}

sandbox_status status_of(node_world& w) {
  const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(got);
  return got->sandbox;
}

} // namespace

TEST_SUITE_BEGIN("actors/guest_proxy");

TEST_CASE("rotations during which the proxy of a guest dies arrive all the "
          "same, and take the guest's memory that they need") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered_keys(0));
    auto& guest = w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    const auto held = status_of(w).held_bytes;
    CHECK(held > 0);
    for (int n = 1; n <= 3; ++n) {
      guest.throws_after = choose.pick(12);
      kubelet.rotate(numbered_keys(n));
      for (auto ticks = choose.pick(30); ticks > 0; --ticks)
        w.pass(100ms);
    }
    w.pass(40s);
    // The last one may have been left for the retries; it is over by now.
    guest.throws_after.reset();
    w.pass(40s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    w.check_equal("cm", "s1", id);
    CHECK(status_of(w).held_bytes == held);
    CHECK(status_of(w).leftovers.listed.empty());
    CHECK(unshare(w, id).leftovers.empty());
    CHECK(status_of(w).held_bytes == 0);
    CHECK(std::filesystem::is_empty(w.dir / "guest-s1"));
  });
}

TEST_CASE("a first copy of a tree during which the proxy of a guest dies fails "
          "with a reason, and what is left of it goes") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1");
    const auto request = tree_request(w, 10);
    guest.throws_after = choose.pick(11);
    const auto failed = w.ask_over_time<share_file_reply>(request);
    REQUIRE_FALSE(failed);
    CHECK(failed.err().code == errc::unavailable);
    CHECK(failed.err().message == "the proxy of guest 's1' ended");
    w.pass(62s);
    CHECK(std::filesystem::is_empty(w.dir / "guest-s1"));
    CHECK(status_of(w).held_bytes == 0);
    CHECK(status_of(w).leftovers.listed.empty());
    const auto again = w.ask_over_time<share_file_reply>(request);
    REQUIRE_MESSAGE(again, (again ? "" : again.err().message));
    CHECK(read_file(w.guest_dir("s1", again->share_id) + "/f9") == "text");
  });
}

TEST_CASE("a first copy of a volume during which the proxy of a guest dies is "
          "answered, and leaves nothing where it failed") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate(numbered_keys(0));
    auto& guest = w.add_sandbox("s1");
    guest.throws_after = choose.pick(9);
    const auto request = w.volume_request("s1", "c1", "cm");
    const auto got = w.ask_over_time<share_file_reply>(request);
    if (got) {
      w.check_equal("cm", "s1", got->share_id);
      return;
    }
    CHECK(got.err().code == errc::unavailable);
    CHECK(got.err().message.find("ended") != std::string::npos);
    w.pass(62s);
    CHECK(std::filesystem::is_empty(w.dir / "guest-s1"));
    CHECK(status_of(w).held_bytes == 0);
    CHECK(status_of(w).leftovers.listed.empty());
    const auto again = w.ask_over_time<share_file_reply>(request);
    REQUIRE_MESSAGE(again, (again ? "" : again.err().message));
    w.check_equal("cm", "s1", again->share_id);
  });
}

TEST_CASE(
  "a proxy that dies while a copy is taken away leaves the leftover to the "
  "next one") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate(numbered_keys(0));
    auto& guest = w.add_sandbox("s1");
    const auto volume = w.share("s1", "c1", "cm").share_id;
    const auto tree = w.ask_over_time<share_file_reply>(tree_request(w, 10));
    REQUIRE(tree);
    guest.throws_after = 0;
    unshare_file_request request;
    request.sandbox_id = "s1";
    request.share_id = choose.one_in(2) ? volume : tree->share_id;
    const auto reply = w.ask_over_time<unshare_file_reply>(request);
    REQUIRE_MESSAGE(reply, (reply ? "" : reply.err().message));
    CHECK(reply->leftovers.size() == 1);
    w.pass(62s);
    CHECK(status_of(w).leftovers.listed.empty());
    CHECK_FALSE(std::filesystem::exists(w.guest_dir("s1", request.share_id)));
  });
}

TEST_CASE("a sandbox whose proxy died is cleaned up like any other") {
  for_each_seed(100, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate(numbered_keys(0));
    auto& guest = w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    guest.throws_after = choose.pick(4);
    kubelet.rotate(numbered_keys(1));
    for (auto pause = choose.pick(100); pause > 0; --pause)
      w.step();
    const auto cleaned = w.ask<cleanup_reply>(cleanup_request{"s1"});
    REQUIRE_MESSAGE(cleaned, (cleaned ? "" : cleaned.err().message));
    CHECK_FALSE(w.is_known("cm"));
    w.pass(40s);
    CHECK(guest.waiting() == 0);
  });
}

TEST_SUITE_END();
