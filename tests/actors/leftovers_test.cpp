// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 100;

std::vector<std::string> leftovers_of(node_world& w) {
  const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(got);
  std::vector<std::string> paths;
  for (const auto& one : got->sandbox.leftovers.listed) {
    CHECK_FALSE(one.reason.empty());
    paths.push_back(one.path);
  }
  return paths;
}

bool is_empty(const node_world& w) {
  return std::filesystem::is_empty(w.dir / "guest-s1");
}

} // namespace

TEST_SUITE_BEGIN("actors/guest_proxy");

TEST_CASE(
  "a copy that was unshared while its guest was away is a leftover until "
  "it can be removed") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate({{"a", {"text"}}});
    auto& guest = w.add_sandbox("s1");
    const auto shared = w.share("s1", "c1", "cm");
    CHECK(leftovers_of(w).empty());
    guest.refuses = true;
    guest.drop();
    w.settle();

    const auto left = unshare(w, shared.share_id);

    REQUIRE(left.leftovers.size() == 1);
    CHECK(left.leftovers.front().path == shared.guest_path);
    CHECK(leftovers_of(w) == std::vector{shared.guest_path});
    guest.refuses = false;
    w.pass(62s);
    CHECK(leftovers_of(w).empty());
    CHECK(is_empty(w));
  });
}

TEST_CASE("what is still in flight for a copy that was given up does not "
          "happen behind its removal") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    payload files;
    for (int n = 0; n < 8; ++n)
      files["key-" + std::to_string(n)] = {"text"};
    w.add_volume("cm").rotate(files);
    auto& guest = w.add_sandbox("s1");
    const auto shared = w.actors.call<share_file_reply>(
      w.node, w.volume_request("s1", "c1", "cm"));
    // The root, the generation and its files; then all takes 50 s.
    while (guest.carried_out.size() < 10)
      REQUIRE(w.step());
    guest.slowness = [&w] {
      return w.actors.now() + 50s;
    };
    w.settle();
    REQUIRE(guest.waiting() > 0);
    unshare_file_request request;
    request.sandbox_id = "s1";
    request.container_id = "c1";
    request.destination = "/etc/cm";
    const auto left = w.actors.call<unshare_file_reply>(w.node, request);
    w.pass(70s);
    REQUIRE(*left);
    REQUIRE(**left);
    CHECK((**left)->leftovers.size() == 1);
    // The links are to happen at 100 s, when removals are quick again.
    guest.slowness = nullptr;
    w.pass(200s);

    CHECK(*shared);
    CHECK(leftovers_of(w).empty());
    CHECK(is_empty(w));
  });
}

TEST_CASE("what stays of a failed first copy is a leftover") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& guest = w.add_sandbox("s1");
    auto pending = w.actors.request(w.node, tree_request(w, 30));
    while (guest.carried_out.size() < 5)
      REQUIRE(w.step());
    guest.refuses = true;
    guest.drop();

    std::optional<result<share_file_reply>> reply;
    for (int n = 0; n < 400 && !reply; ++n) {
      w.pass(100ms);
      reply = w.actors.answer<share_file_reply>(pending);
    }
    REQUIRE(reply);
    CHECK_FALSE(*reply);
    REQUIRE(leftovers_of(w).size() == 1);
    CHECK_FALSE(is_empty(w));
    guest.refuses = false;
    w.pass(62s);
    CHECK(leftovers_of(w).empty());
    CHECK(is_empty(w));
  });
}

TEST_CASE("a first copy that never reached its guest leaves nothing") {
  chooser choose{1};
  node_world w{choose};
  w.add_volume("cm").rotate({{"a", {"text"}}});
  auto& guest = w.add_sandbox("s1");
  guest.refuses = true;
  CHECK_FALSE(
    w.ask_over_time<share_file_reply>(w.volume_request("s1", "c1", "cm")));
  CHECK_FALSE(w.ask_over_time<share_file_reply>(tree_request(w, 30)));
  CHECK(leftovers_of(w).empty());
}

TEST_CASE("an old generation whose removal fails is shown until it is gone") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"a", {"one"}}});
    w.add_sandbox("s1");
    const auto shared = w.share("s1", "c1", "cm");
    const auto old = kubelet.current();
    kubelet.rotate({{"a", {"two"}}});
    w.settle();
    w.fail_one_in = 1;
    w.pass(3s);
    CHECK(leftovers_of(w) == std::vector{shared.guest_path + "/" + old});
    w.fail_one_in = 0;
    w.pass(31s);
    CHECK(leftovers_of(w).empty());
    w.check_equal("cm", "s1", shared.share_id);
  });
}

TEST_CASE(
  "what a guest agent cannot remove is emptied, stays a leftover and costs "
  "no further request") {
  chooser choose{1};
  node_world w{choose};
  w.add_volume("cm").rotate({{"a", {"text"}}});
  auto& guest = w.add_sandbox("s1", guest::profile::v3_3);
  const auto shared = w.share("s1", "c1", "cm");
  w.settle();
  const auto left = unshare(w, shared.share_id);
  const auto requests = guest.carried_out.size();
  REQUIRE(left.leftovers.size() == 1);
  CHECK(left.leftovers.front().reason.find("contents are freed")
        != std::string::npos);
  w.pass(65s);
  CHECK(leftovers_of(w) == std::vector{shared.guest_path});
  CHECK(guest.carried_out.size() == requests);
}

TEST_CASE("Cleanup forgets the leftovers and says nothing to the guest") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate({{"a", {"text"}}});
    auto& guest = w.add_sandbox("s1");
    const auto shared = w.share("s1", "c1", "cm");
    guest.refuses = true;
    guest.drop();
    w.settle();
    REQUIRE(unshare(w, shared.share_id).leftovers.size() == 1);
    guest.refuses = false;
    const auto requests = guest.carried_out.size();
    cleanup_request request;
    request.sandbox_id = "s1";
    CHECK(w.ask_over_time<cleanup_reply>(request));
    w.pass(65s);
    CHECK(guest.carried_out.size() == requests);
    CHECK(guest.waiting() == 0);
  });
}

TEST_CASE("a leftover of a former sandbox is not left to the next one of its "
          "id") {
  for_each_seed(seeds, [](chooser& choose) {
    node_world w{choose};
    w.add_volume("cm").rotate({{"a", {"text"}}});
    auto& former = w.add_sandbox("s1");
    const auto shared = w.share("s1", "c1", "cm");
    former.refuses = true;
    former.drop();
    w.settle();
    // It is left to its proxy as the sandbox ends.
    const auto left
      = w.actors.call<unshare_file_reply>(w.node, end_of(shared.share_id));
    w.pass(std::chrono::milliseconds{choose.pick(3000)});
    run_some(w, 10);
    REQUIRE(w.ask_over_time<cleanup_reply>(cleanup_request{"s1"}));
    w.add_sandbox("s1");
    const auto next = w.share("s1", "c1", "cm");
    w.pass(62s);
    CHECK(leftovers_of(w).empty());
    for (const auto& path : w.guest("s1").carried_out)
      CHECK(path.find(shared.share_id) == std::string::npos);
    w.check_equal("cm", "s1", next.share_id);
  });
}

TEST_SUITE_END();
