// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/shared_copies_fixture.hpp"
#include "tests/actors/world_requests.hpp"
#include "tests/support/left_mounts.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 100;

constexpr const char* address = "unix:///nobody";

prepare_request without_address() {
  prepare_request request;
  request.sandbox_id = "s1";
  request.mode = sharing_mode::copy;
  return request;
}

set_guest_request guest_at(const std::string& where) {
  return {"s1", where};
}

/// A sandbox whose guest nobody knows yet, and a volume.
struct late_world : node_world {
  explicit late_world(chooser& c, prepare_request request = without_address(),
                      node_config config = {})
    : node_world(c, std::move(config), journaling::on) {
    add_guest("s1");
    kubelet = &add_volume("cm");
    kubelet->rotate({{"a", {"1"}}});
    REQUIRE(ask<prepare_reply>(std::move(request)));
  }

  result<share_file_reply> try_share(const std::string& container = "c1") {
    return ask_over_time<share_file_reply>(
      volume_request("s1", container, "cm"));
  }

  /// What it mounts in the mode of shared filesystems is on the host.
  ~late_world() {
    detach_mounts_below(dir.path());
  }
  late_world(const late_world&) = delete;
  late_world& operator=(const late_world&) = delete;

  rotator* kubelet = nullptr;

  sandbox_status status() {
    const auto got = ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE_MESSAGE(got, message(got));
    return got->sandbox;
  }
};

} // namespace

TEST_SUITE_BEGIN("actors/late_guest");

TEST_CASE("until the guest's address is told copies are refused with that "
          "reason, and from then on made") {
  for_each_seed(seeds, [](chooser& choose) {
    late_world w{choose};
    const bool by_prepare = choose.one_in(2);
    const auto refused = w.try_share();
    CHECK(code(refused) == errc::failed_precondition);
    CHECK(message(refused).find("address of the guest agent of sandbox 's1' is "
                                "not known yet")
          != std::string::npos);
    CHECK(w.status().guest_address.empty());
    CHECK(w.status().shares == 0);
    if (choose.one_in(2)) {
      w.kill();
      w.start();
      CHECK(code(w.try_share()) == errc::failed_precondition);
    }
    if (by_prepare) {
      auto again = without_address();
      again.guest_address = address;
      REQUIRE(w.ask<prepare_reply>(again));
    } else {
      REQUIRE(w.ask<set_guest_reply>(guest_at(address)));
    }
    const auto made = w.try_share();
    REQUIRE_MESSAGE(made, message(made));
    w.check_equal("cm", "s1", made->share_id);
    // Told again it is the same, and another one changes nothing.
    CHECK(w.ask<set_guest_reply>(guest_at(address)));
    CHECK(w.ask<prepare_reply>(without_address()));
    CHECK(code(w.ask<set_guest_reply>(guest_at("unix:///other")))
          == errc::already_exists);
    CHECK(w.status().guest_address == address);
    w.kubelet->rotate({{"a", {"2"}}});
    w.pass(3s);
    w.check_equal("cm", "s1", made->share_id);
  });
}

TEST_CASE("what was told of the guest later is known after a restart") {
  for_each_seed(seeds, [](chooser& choose) {
    late_world w{choose};
    set_guest_request told = guest_at(address);
    told.guest_memory_bytes = 1 << 20;
    told.policy = guest_policy::set;
    REQUIRE(w.ask<set_guest_reply>(told));
    std::string id;
    if (choose.one_in(2))
      id = w.share("s1", "c1", "cm").share_id;
    w.kill();
    w.start();
    const auto known = w.status();
    CHECK(known.guest_address == address);
    CHECK(known.guest_memory_bytes == 1 << 20);
    CHECK(known.policy == guest_policy::set);
    CHECK(code(w.ask<set_guest_reply>(guest_at("unix:///other")))
          == errc::already_exists);
    const auto made = w.share("s1", "c1", "cm");
    if (!id.empty())
      CHECK(made.share_id == id);
    w.check_equal("cm", "s1", made.share_id);
  });
}

TEST_CASE("told at once by several, in both ways, there is one guest") {
  for_each_seed(seeds, [](chooser& choose) {
    late_world w{choose};
    auto again = without_address();
    again.guest_address = address;
    auto first = w.actors.request(w.node, guest_at(address));
    auto second = w.actors.request(w.node, again);
    auto third = w.actors.request(w.node, guest_at(address));
    w.settle();
    const auto one = w.actors.answer<set_guest_reply>(first);
    const auto two = w.actors.answer<prepare_reply>(second);
    const auto three = w.actors.answer<set_guest_reply>(third);
    REQUIRE((one && *one && two && *two && three && *three));
    const auto made = w.share("s1", "c1", "cm");
    w.check_equal("cm", "s1", made.share_id);
    CHECK(w.guest("s1").ended_connections == 0);
  });
}

TEST_CASE("a Cleanup ends a sandbox whose guest was never told, and whoever "
          "tells it meanwhile has an answer") {
  for_each_seed(seeds, [](chooser& choose) {
    late_world w{choose};
    const auto told = w.actors.call<set_guest_reply>(w.node, guest_at(address));
    run_some(w, 10);
    CHECK(w.ask_over_time<cleanup_reply>(cleanup_request{"s1"}));
    w.settle();
    REQUIRE(*told);
    if (const auto& answer = **told; !answer)
      CHECK((code(answer) == errc::aborted || code(answer) == errc::not_found));
    CHECK(code(w.ask<set_guest_reply>(guest_at(address))) == errc::not_found);
  });
}

TEST_CASE("with no policy in the guest its containers have one copy of a "
          "volume, otherwise one each") {
  for (const auto policy :
       {guest_policy::unknown, guest_policy::none, guest_policy::set})
    for (const bool is_late : {false, true})
      for_each_seed(10, [&](chooser& choose) {
        auto request = without_address();
        if (!is_late) {
          request.guest_address = address;
          request.policy = policy;
        }
        late_world w{choose, request};
        if (is_late) {
          auto told = guest_at(address);
          told.policy = policy;
          REQUIRE(w.ask<set_guest_reply>(told));
        }
        const auto one = w.share("s1", "c1", "cm");
        const auto two = w.share("s1", "c2", "cm");
        CHECK((one.guest_path == two.guest_path)
              == (policy == guest_policy::none));
        CHECK(w.status().policy == policy);
      });
}

TEST_CASE("copies take a quarter of the guest's memory at most, whatever is "
          "configured") {
  for (const std::uint64_t configured :
       {std::uint64_t{1}, std::uint64_t{1} << 40})
    for_each_seed(5, [&](chooser& choose) {
      node_config config;
      config.copy.limits.sandbox_bytes = configured;
      auto request = without_address();
      request.guest_address = address;
      request.guest_memory_bytes = std::uint64_t{16} * 4096;
      late_world w{choose, request, config};
      CHECK(w.status().held_limit_bytes == std::uint64_t{4} * 4096);
      const auto fits = tree_request(w, 3);
      REQUIRE(w.ask_over_time<share_file_reply>(fits));
      auto too_much = fits;
      too_much.container_id = "c2";
      const auto refused = w.ask_over_time<share_file_reply>(too_much);
      CHECK(code(refused) == errc::resource_exhausted);
      CHECK(message(refused).find("16384 (a quarter of the guest's memory)")
            != std::string::npos);
    });
}

TEST_CASE(
  "labels and names are in every status, also after a restart, and gone "
  "with what had them") {
  for_each_seed(20, [](chooser& choose) {
    auto request = without_address();
    request.guest_address = address;
    request.labels = {{"pod", "web"}};
    late_world w{choose, request};
    auto file = w.volume_request("s1", "c1", "cm");
    file.container_name = "nginx";
    REQUIRE(w.ask_over_time<share_file_reply>(file));
    for (const bool restarts : {false, true}) {
      if (restarts) {
        w.kill();
        w.start();
        w.settle();
      }
      const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
      REQUIRE(got);
      CHECK(got->sandbox.labels == request.labels);
      REQUIRE(got->shares.listed.size() == 1);
      CHECK(got->shares.listed[0].container_name == "nginx");
      const auto volumes = w.ask<list_volumes_reply>(list_volumes_request{});
      REQUIRE(volumes);
      REQUIRE(volumes->volumes.listed.size() == 1);
      const auto& at = volumes->volumes.listed[0].destinations.at(0);
      CHECK(at.container_name == "nginx");
      REQUIRE(at.labels);
      CHECK(*at.labels == request.labels);
    }
    // A name is told by any of its requests, and of no other container.
    auto other = w.volume_request("s1", "c2", "cm");
    REQUIRE(w.ask_over_time<share_file_reply>(other));
    const auto got = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(got->shares.listed.size() == 2);
    CHECK(got->shares.listed[1].container_name.empty());
    CHECK(w.ask_over_time<unshare_container_reply>(
      unshare_container_request{"s1", "c1"}));
    file.container_name.clear();
    REQUIRE(w.ask_over_time<share_file_reply>(file));
    const auto after = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    CHECK(after->shares.listed[0].container_name.empty());
  });
}

TEST_CASE("a guest whose Check is answered with an error is not up: nothing is "
          "sent to it") {
  for_each_seed(seeds, [](chooser& choose) {
    auto request = without_address();
    request.guest_address = address;
    late_world w{choose, request};
    auto& guest = w.guest("s1");
    guest.check_error = error{errc::unavailable, "the VM does not answer"};
    auto pending = w.actors.request(w.node, w.volume_request("s1", "c1", "cm"));
    w.pass(2s);
    CHECK(guest.carried_out.empty());
    CHECK(!w.status().guest_connected);
    CHECK(guest.ended_connections > 1);
    if (choose.one_in(2)) {
      guest.check_error.reset();
      const auto made = w.await<share_file_reply>(pending);
      REQUIRE_MESSAGE(made, message(made));
      w.check_equal("cm", "s1", made->share_id);
      return;
    }
    const auto failed = w.await<share_file_reply>(pending);
    CHECK(code(failed) == errc::unavailable);
    CHECK(message(failed).find("answered a Check with UNAVAILABLE")
          != std::string::npos);
    CHECK(guest.carried_out.empty());
  });
}

TEST_CASE("what is no matter of sharing is ignored in either mode, before the "
          "guest is known, and is no share") {
  for (const auto mode : {sharing_mode::copy, sharing_mode::shared_filesystem})
    for_each_seed(5, [&](chooser& choose) {
      auto request = without_address();
      request.mode = mode;
      late_world w{choose, request};
      auto file = w.volume_request("s1", "c1", "cm");
      file.mount.type = "tmpfs";
      const auto ignored = w.ask<share_file_reply>(file);
      REQUIRE_MESSAGE(ignored, message(ignored));
      CHECK(ignored->ignored);
      CHECK(ignored->keeps_mount);
      CHECK(ignored->reason == "it is no bind mount");
      CHECK(w.status().shares == 0);
      CHECK(w.ask<unshare_file_reply>(
        unshare_file_request{"s1", "c1", file.mount.destination, {}}));
    });
}

TEST_SUITE_END();
