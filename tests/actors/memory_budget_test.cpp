// SPDX-License-Identifier: Apache-2.0
#include "actors/memory_budget.hpp"

#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

using pending_share
  = std::shared_ptr<const std::optional<result<share_file_reply>>>;

memory_status used(actor_fixture& actors, const memory_budget_actor& memory) {
  auto pending = actors.request(memory, memory_status_request{});
  actors.run();
  const auto got = actors.answer<memory_status>(pending);
  REQUIRE(got);
  REQUIRE(*got);
  return **got;
}

// A directory of its own for each share, with so many files of 1 MiB.
share_file_request tree_request(node_world& w, const std::string& sandbox,
                                int number, int files) {
  const auto name = "tree-" + sandbox + "-" + std::to_string(number);
  auto request = w.volume_request(sandbox, "c" + std::to_string(number), "cm");
  request.mount.source = w.dir.make_dir(name);
  request.mount.destination = "/tree";
  for (int n = 0; n < files; ++n)
    w.dir.write(name + "/f" + std::to_string(n), std::string(mib, 'x'));
  return request;
}

std::uint64_t bytes_waiting(const sim_guest& guest) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < guest.waiting(); ++i)
    if (const auto* copy = guest.waiting_copy(i))
      sum += copy->data().size();
  return sum;
}

} // namespace

TEST_SUITE_BEGIN("actors/memory_budget");

TEST_CASE("a lease comes back when whoever got it lets go, and when nobody is "
          "there to get it") {
  actor_fixture actors;
  const auto memory = actors.spawn<memory_budget>(16 * mib);
  {
    auto pending
      = actors.request(memory, reserve_bytes{mib, budget_use::rotation, 1});
    actors.run();
    auto got = actors.answer<bytes_reserved>(pending);
    REQUIRE(got);
    REQUIRE(*got);
    CHECK((*got)->lease->bytes() == mib);
    CHECK(used(actors, memory).used_bytes == mib);
    (*got)->lease->shrink(100);
    CHECK(used(actors, memory).used_bytes == 100);
  }
  CHECK(used(actors, memory).used_bytes == 0);
  // Askers that are dead when their turn comes.
  auto all = actors.call<bytes_reserved>(
    memory, reserve_bytes{100 * mib, budget_use::first_copy, 0});
  actors.run();
  REQUIRE(*all);
  for (int n = 0; n < 3; ++n)
    tell(memory, reserve_bytes{100 * mib, budget_use::first_copy, 0});
  CHECK(used(actors, memory).waiting == 3);
  all.reset();
  actors.run();
  CHECK(used(actors, memory).waiting == 0);
  CHECK(used(actors, memory).used_bytes == 0);
}

TEST_CASE("whatever becomes of copies, guests and sandboxes, no memory is held "
          "at the end") {
  for_each_seed(40, [](chooser& choose) {
    node_config config;
    config.copy.node_bytes = 16 * mib;
    config.copy.window_bytes = 2 * mib;
    node_world w{choose, config};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"large", {std::string(mib, 'a')}}});
    std::vector<std::string> ids{"s1", "s2", "s3"};
    for (const auto& id : ids)
      w.add_sandbox(id);
    w.drop_one_in = choose.pick(2) * 15;
    std::vector<pending_share> shares;
    for (const auto& id : ids) {
      shares.push_back(
        w.actors.call<share_file_reply>(w.node, tree_request(w, id, 1, 6)));
      shares.push_back(w.actors.call<share_file_reply>(
        w.node, w.volume_request(id, "c2", "cm")));
    }
    if (choose.one_in(2))
      w.hang(ids[choose.pick(3)]);
    for (std::size_t n = choose.pick(400); n > 0 && w.step(); --n) {
    }
    kubelet.rotate({{"large", {std::string(2 * mib, 'b')}}});
    // One sandbox ends in the middle, the others when their shares are made.
    REQUIRE(w.ask_over_time<cleanup_reply>(cleanup_request{"s2"}));
    w.drop_one_in = 0;
    for (const auto& id : ids)
      w.unhang(id);
    w.pass(70s);
    for (const auto& share : shares)
      CHECK(share->has_value());
    CHECK(used(w.actors, w.memory).used_bytes == 0);
    CHECK(used(w.actors, w.memory).waiting == 0);
  });
}

TEST_CASE(
  "memory for a rotation is had when its generation is begun, and comes "
  "back with the next read") {
  for_each_seed(20, [](chooser& choose) {
    node_world w{choose};
    auto& begun = w.add_volume("begun");
    auto& other = w.add_volume("other");
    for (auto* kubelet : {&begun, &other})
      kubelet->rotate({{"key", {"0"}}});
    w.add_sandbox("s1");
    w.share("s1", "c1", "begun");
    w.share("s1", "c2", "other");
    w.pass(5s);
    CHECK(used(w.actors, w.memory).used_bytes == 0);
    for (auto* flipped : {&begun, &other}) {
      begun.begin({{"key", {"1"}}});
      begun.run_until(rotation_step::flip);
      w.settle();
      CHECK(used(w.actors, w.memory).used_bytes == mib);
      if (flipped == &begun)
        begun.finish();
      else
        other.rotate({{"key", {"1"}}});
      w.pass(5s);
      CHECK(used(w.actors, w.memory).used_bytes == 0);
      begun.rotate({{"key", {"2"}}});
      w.pass(5s);
    }
  });
}

TEST_CASE("a rotation arrives when there is memory for one read, whoever asked "
          "for it first") {
  for_each_seed(40, [](chooser& choose) {
    node_config config;
    config.copy.node_bytes = 16 * mib;
    node_world w{choose, config};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"key", {"0"}}});
    w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    w.pass(5s);
    // All but the eighths that are kept for the other lanes.
    std::vector<decltype(w.actors.call<bytes_reserved>(w.memory,
                                                       reserve_bytes{}))>
      held;
    for (int n = 0; n < 12; ++n) {
      held.push_back(w.actors.call<bytes_reserved>(
        w.memory, reserve_bytes{mib, budget_use::rotation, 0}));
      w.settle();
      REQUIRE(*held.back());
    }
    kubelet.rotate({{"key", {"1"}}});
    w.pass(2s);
    CHECK(used(w.actors, w.memory).waiting == 2);
    CHECK_FALSE(w.status_of("cm").destinations.at(0).current);
    held.pop_back();
    w.settle();
    CHECK(w.status_of("cm").destinations.at(0).current);
  });
}

TEST_CASE("copies that all start at once hold no more than the node's budget, "
          "and all are made") {
  for_each_seed(4, [](chooser& choose) {
    node_config config;
    config.copy.node_bytes = 16 * mib;
    node_world w{choose, config};
    std::vector<pending_share> made;
    std::vector<std::string> ids;
    ids.reserve(20);
    for (int n = 0; n < 20; ++n)
      ids.push_back("s" + std::to_string(n));
    for (const auto& id : ids) {
      w.add_sandbox(id);
      w.guest(id).slowness = [&w] {
        return w.actors.now() + 1s;
      };
      made.push_back(
        w.actors.call<share_file_reply>(w.node, tree_request(w, id, 1, 4)));
    }
    std::uint64_t most = 0;
    const auto is_made = [](const auto& one) {
      return one->has_value();
    };
    for (int n = 0; n < 1000; ++n) {
      w.pass(100ms);
      std::uint64_t sum = 0;
      for (const auto& id : ids)
        sum += bytes_waiting(w.guest(id));
      most = std::max(most, sum);
      if (std::all_of(made.begin(), made.end(), is_made))
        break;
    }
    for (const auto& one : made) {
      REQUIRE(*one);
      CHECK(**one);
    }
    // First copies have all but what is kept for others.
    CHECK(most == 12 * mib);
  });
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("actors/guest_proxy");

TEST_CASE("the window bounds what is in flight to a guest, however many copies "
          "go there, and all get their turn") {
  for_each_seed(8, [](chooser& choose) {
    node_config config;
    config.copy.window_bytes = mib;
    node_world w{choose, config};
    auto& guest = w.add_sandbox("s1");
    std::vector<pending_share> made;
    made.reserve(6);
    for (int n = 0; n < 6; ++n)
      made.push_back(
        w.actors.call<share_file_reply>(w.node, tree_request(w, "s1", n, 2)));
    std::uint64_t most = 0;
    w.run_until([&] {
      most = std::max(most, bytes_waiting(guest));
      return std::all_of(made.begin(), made.end(), [](const auto& one) {
        return one->has_value();
      });
    });
    CHECK(most == mib);
  });
}

TEST_CASE("a guest agent that ends at its first request is dialed ever more "
          "rarely, without a quiet time too") {
  for_each_seed(8, [](chooser& choose) {
    node_config config;
    config.guest.quiet_time = 0s;
    node_world w{choose, config};
    auto& guest = w.add_sandbox("s1");
    w.drop_one_in = 1;
    const auto made
      = w.actors.call<share_file_reply>(w.node, tree_request(w, "s1", 1, 1));
    w.pass(4s);
    CHECK(guest.ended_connections > 3);
    CHECK(guest.ended_connections < 30);
    w.drop_one_in = 0;
    w.pass(3s);
    REQUIRE(*made);
    CHECK(**made);
  });
}

TEST_CASE("a connection that died while it was idle costs the next update "
          "seconds, not the limit of a request") {
  for_each_seed(8, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"a", {"1"}}});
    auto& guest = w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    w.pass(8s);
    w.hang("s1");
    kubelet.rotate({{"a", {"2"}}});
    w.settle();
    // Nothing but a Check is risked.
    REQUIRE(guest.waiting() == 1);
    CHECK(guest.waiting_copy(0) == nullptr);
    const auto ended = guest.ended_connections;
    w.pass(2100ms);
    CHECK(guest.ended_connections == ended + 1);
    w.unhang("s1");
    w.pass(300ms);
    CHECK(read_file(w.guest_dir("s1", id) + "/a") == "2");
    w.pass(3s);
    w.check_equal("cm", "s1", id);
  });
}

TEST_CASE("a connection that was used just now costs an update no Check") {
  for_each_seed(8, [](chooser& choose) {
    node_world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"a", {"1"}}});
    auto& guest = w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    w.hang("s1");
    kubelet.rotate({{"a", {"2"}}});
    w.settle();
    REQUIRE(guest.waiting() > 0);
    CHECK(guest.waiting_copy(0) != nullptr);
    w.unhang("s1");
  });
}

TEST_SUITE_END();
