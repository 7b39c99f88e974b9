// SPDX-License-Identifier: Apache-2.0
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

/// A sandbox with a copy of a volume, which rotates.
struct update_fixture {
  explicit update_fixture(chooser& choose) : w(choose) {
    kubelet.rotate({{"a", {"1"}}});
    share_id = w.share("s1", "c1", "cm").share_id;
    ended = guest.ended_connections;
  }

  std::string contents() const {
    return read_file(w.guest_dir("s1", share_id) + "/a");
  }

  /// Lets time pass until the guest has these contents, or too much of it.
  void await(const std::string& wanted, int seconds) {
    for (; seconds > 0 && contents() != wanted; --seconds)
      w.pass(1s);
    CHECK(contents() == wanted);
  }

  node_world w;
  rotator& kubelet = w.add_volume("cm");
  sim_guest& guest = w.add_sandbox("s1");
  std::string share_id;
  std::size_t ended = 0;
};

void answer_checks(sim_guest& guest) {
  for (std::size_t i = guest.waiting(); i-- > 0;)
    if (guest.waiting_copy(i) == nullptr)
      guest.carry_out(i);
}

} // namespace

TEST_SUITE_BEGIN("actors/silent_guest");

TEST_CASE("a connection that dies with requests out costs an update seconds, "
          "not the limit of a request") {
  for_each_seed(8, [](chooser& choose) {
    update_fixture f{choose};
    f.w.hang("s1");
    f.kubelet.rotate({{"a", {"2"}}});
    f.w.settle();
    REQUIRE(f.guest.waiting() > 0);
    REQUIRE(f.guest.waiting_copy(0) != nullptr);
    f.w.pass(3800ms);
    CHECK(f.guest.ended_connections == f.ended);
    f.w.pass(400ms);
    CHECK(f.guest.ended_connections == f.ended + 1);
    f.w.unhang("s1");
    // As after any lost connection: nothing is sent for guest.quiet_time.
    f.w.pass(800ms);
    CHECK(f.contents() == "1");
    f.w.pass(1200ms);
    CHECK(f.contents() == "2");
    f.w.pass(3s);
    f.w.check_equal("cm", "s1", f.share_id);
  });
}

TEST_CASE("a guest agent that is busy and answers a Check keeps its "
          "connection, up to the limit of a request") {
  for_each_seed(4, [](chooser& choose) {
    update_fixture f{choose};
    f.w.hang("s1");
    f.kubelet.rotate({{"a", {"2"}}});
    f.w.settle();
    REQUIRE(f.guest.waiting() > 0);
    for (int n = 0; n < 590; ++n) {
      f.w.pass(100ms);
      answer_checks(f.guest);
    }
    CHECK(f.guest.ended_connections == f.ended);
    SUBCASE("it goes on") {
      f.w.unhang("s1");
      f.w.pass(300ms);
      CHECK(f.contents() == "2");
      CHECK(f.guest.ended_connections == f.ended);
    }
    SUBCASE("it does not") {
      f.w.pass(1200ms);
      CHECK(f.guest.ended_connections > f.ended);
    }
  });
}

TEST_CASE("a guest agent that answers nothing for seconds at a time is served "
          "all the same") {
  for_each_seed(2, [](chooser& choose) {
    update_fixture f{choose};
    f.guest.slowness = [&f] {
      return f.w.actors.now() + 8s;
    };
    f.kubelet.rotate({{"a", {"2"}}});
    f.await("2", 300);
    // Given up twice, since 3 s and 6 s were too short.
    CHECK(f.guest.ended_connections == f.ended + 2);
    f.w.pass(300s);
    f.w.check_equal("cm", "s1", f.share_id);
    const auto before = f.guest.ended_connections;
    f.kubelet.rotate({{"a", {"3"}}});
    f.await("3", 60);
    // The Check after 5 s without anything to send has 2 s.
    CHECK(f.guest.ended_connections <= before + 1);
  });
}

TEST_CASE("what a guest agent says is cut and made harmless before anybody "
          "reads it") {
  const std::string loud = "\x1b[2J\xff" + std::string(5000, 'x');
  chooser choose{1};
  node_world w{choose};
  w.add_volume("cm").rotate({{"a", {"1"}}});
  auto& guest = w.add_sandbox("s1");
  guest.agent_version = "4.0.0\x1b[2J" + std::string(5000, 'x');
  w.hang("s1");
  auto request = w.volume_request("s1", "c1", "cm");
  request.mount.source = w.dir.make_dir("tree");
  request.mount.destination = "/tree";
  auto pending = w.actors.request(w.node, request);
  w.settle();
  answer_checks(guest);
  w.settle();
  REQUIRE(guest.waiting() > 0);
  REQUIRE(guest.waiting_copy(0) != nullptr);
  guest.fail(0, loud);
  w.unhang("s1");
  const auto failed = w.await<share_file_reply>(pending);
  REQUIRE_FALSE(failed);
  const auto shown = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
  REQUIRE(shown);
  CHECK(shown->sandbox.guest_agent_version.starts_with("4.0.0"));
  CHECK(shown->sandbox.guest_agent_version.size() <= 64);
  for (const auto& text :
       {failed.err().message, shown->sandbox.guest_agent_version}) {
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\xff') == std::string::npos);
  }
  CHECK(failed.err().message.find("xxx") != std::string::npos);
  CHECK(failed.err().message.size() < 1000);
}

TEST_SUITE_END();
