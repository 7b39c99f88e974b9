// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/shared_copies_fixture.hpp"
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 100;

struct files_world : node_world {
  explicit files_world(chooser& c) : node_world(c) {
    add_sandbox("s1");
    for (int n = 0; n < 3; ++n)
      add_volume(name(n)).rotate({{"a", {std::to_string(n)}}});
  }

  static std::string name(int n) {
    return "cm" + std::to_string(n);
  }

  /// @param missing Which of the mounts has no source; -1 is none.
  share_files_request all_of(int missing = -1) const {
    share_files_request request;
    request.sandbox_id = "s1";
    request.container_id = "c1";
    for (int n = 0; n < 3; ++n) {
      request.mounts.push_back(volume_request("s1", "c1", name(n)).mount);
      if (n == missing)
        request.mounts.back().source += "-missing";
    }
    return request;
  }

  std::uint64_t shares() {
    const auto got = ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(got);
    return got->sandbox.shares;
  }
};

} // namespace

TEST_SUITE_BEGIN("actors/share_files");

TEST_CASE("all mounts of a container are shared by one request, in order, each "
          "as by a request of its own") {
  for_each_seed(seeds, [](chooser& choose) {
    files_world w{choose};
    const auto made = w.ask_over_time<share_files_reply>(w.all_of());
    REQUIRE_MESSAGE(made, message(made));
    REQUIRE(made->outcomes.size() == 3);
    for (int n = 0; n < 3; ++n) {
      const auto& one = made->outcomes[static_cast<std::size_t>(n)];
      REQUIRE_MESSAGE(one, message(one));
      w.check_equal(w.name(n), "s1", one->share_id);
      const auto again = w.ask_over_time<share_file_reply>(
        w.volume_request("s1", "c1", w.name(n)));
      CHECK(again->share_id == one->share_id);
    }
    const auto again = w.ask_over_time<share_files_reply>(w.all_of());
    REQUIRE(again);
    CHECK(again->outcomes[1]->share_id == made->outcomes[1]->share_id);
    CHECK(
      w.ask_over_time<share_files_reply>(share_files_request{"s1", "c1", {}})
        ->outcomes.empty());
  });
}

TEST_CASE("one mount that fails is its own outcome, the others are shared") {
  for_each_seed(seeds, [](chooser& choose) {
    files_world w{choose};
    const auto made = w.ask_over_time<share_files_reply>(w.all_of(1));
    REQUIRE_MESSAGE(made, message(made));
    REQUIRE(made->outcomes.size() == 3);
    CHECK(code(made->outcomes[1]) == errc::not_found);
    w.check_equal("cm0", "s1", made->outcomes[0]->share_id);
    w.check_equal("cm2", "s1", made->outcomes[2]->share_id);
    CHECK(w.shares() == 2);
  });
}

TEST_CASE("all or nothing: one that fails is the request's error, and nothing "
          "stays but what was there before") {
  for_each_seed(seeds, [](chooser& choose) {
    files_world w{choose};
    const bool was_shared = choose.one_in(2);
    std::string before;
    if (was_shared)
      before = w.share("s1", "c1", "cm0").share_id;
    auto request = w.all_of(2);
    request.all_or_nothing = true;
    const auto failed = w.ask_over_time<share_files_reply>(request);
    CHECK(code(failed) == errc::not_found);
    CHECK(message(failed).find("cm2-missing") != std::string::npos);
    CHECK(w.shares() == (was_shared ? 1U : 0U));
    w.pass(3s);
    if (was_shared)
      w.check_equal("cm0", "s1", before);
    else
      CHECK(guest_names(w).empty());
    auto whole = w.all_of();
    whole.all_or_nothing = true;
    CHECK(w.ask_over_time<share_files_reply>(whole));
    CHECK(w.shares() == 3);
  });
}

TEST_CASE("a Cleanup answers who waits for several mounts") {
  for_each_seed(seeds, [](chooser& choose) {
    files_world w{choose};
    auto request = w.all_of(choose.one_in(2) ? 1 : -1);
    request.all_or_nothing = choose.one_in(2);
    const auto got = w.actors.call<share_files_reply>(w.node, request);
    run_some(w, 60);
    CHECK(w.ask_over_time<cleanup_reply>(cleanup_request{"s1"}));
    w.settle();
    CHECK(*got);
  });
}

TEST_SUITE_END();
