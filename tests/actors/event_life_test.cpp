// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/world_requests.hpp"
#include "tests/support/node_world.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 30;

struct world : node_world {
  explicit world(chooser& c) : node_world(c) {
  }

  /// Returns the events that a filter takes, behind those of before.
  std::vector<kept_event> happened(const event_filter& wanted) {
    const auto got
      = actors.ask<event_page>(events, watch_events{1, wanted, at_, false, 0s});
    REQUIRE(got);
    at_ = got->next;
    return got->events;
  }
  std::vector<std::string> names(const event_filter& wanted) {
    std::vector<std::string> out;
    for (const auto& each : happened(wanted))
      out.emplace_back(entry_of(each.what.id).name);
    return out;
  }

private:
  event_cursor at_;
};

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// Whether `wanted` come in `all` in that order, with others between them.
bool in_order(const std::vector<std::string>& all,
              const std::vector<std::string>& wanted) {
  auto next = wanted.begin();
  for (const auto& each : all)
    if (next != wanted.end() && each == *next)
      ++next;
  return next == wanted.end();
}

std::string words(const std::vector<std::string>& all) {
  std::string out;
  for (const auto& each : all)
    out += each + " ";
  return out;
}

} // namespace

TEST_SUITE_BEGIN("actors/event_life");

TEST_CASE("a share and its rotation are events in their order, and other "
          "sandboxes' are not among them") {
  for_each_seed(seeds, [](chooser& choose) {
    world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"a", {"1"}}});
    w.add_sandbox("s1");
    w.add_sandbox("s2");
    w.share("s2", "c1", "cm");
    const auto shared = w.share("s1", "c1", "cm");
    const event_filter wanted{"s1", w.volume_path("cm")};
    const auto first = w.names(wanted);
    CHECK_MESSAGE(in_order(first, {"generation-read", "push-begun",
                                   "generation-live", "file-shared"}),
                  words(first));
    // Otherwise the look after the copy may find it first.
    w.pass(1s);
    kubelet.rotate({{"a", {"2"}}});
    w.pass(1s);
    const auto then = w.happened(wanted);
    std::vector<std::string> ids;
    for (const auto& each : then) {
      const auto& what = each.what;
      ids.emplace_back(entry_of(what.id).name);
      CHECK(what.volume == wanted.volume);
      if (what.id == event_id::push_begun
          || what.id == event_id::generation_live) {
        CHECK(what.sandbox_id == "s1");
        CHECK(what.share_id == shared.share_id);
        CHECK_FALSE(what.generation.empty());
      }
    }
    CHECK_MESSAGE(in_order(ids, {"volume-hinted", "generation-read",
                                 "push-begun", "generation-live"}),
                  words(ids));
    CHECK_FALSE(has(ids, "push-failed"));
  });
}

TEST_CASE("a push that the guest refuses is told with the reason and the next "
          "try, in the events and in the status") {
  for_each_seed(seeds, [](chooser& choose) {
    world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"a", {"1"}}});
    w.add_sandbox("s1");
    const auto shared = w.share("s1", "c1", "cm");
    const event_filter wanted{"s1", w.volume_path("cm")};
    w.happened(wanted);
    w.guest("s1").denies = [](const grpc::CopyFileRequest& sent) {
      return sent.path().find("..data") != std::string::npos;
    };
    kubelet.rotate({{"a", {"2"}}});
    w.settle();
    const auto status = w.status_of("cm").destinations.at(0);
    CHECK_FALSE(status.current);
    CHECK(status.failures == 1);
    REQUIRE(status.next_try);
    const auto all = w.happened(wanted);
    const auto failed
      = std::find_if(all.begin(), all.end(), [](const kept_event& each) {
          return each.what.id == event_id::push_failed;
        });
    REQUIRE(failed != all.end());
    CHECK(failed->what.share_id == shared.share_id);
    CHECK(failed->what.failures == 1);
    CHECK(failed->what.detail == status.reason);
    REQUIRE(failed->what.next_try);
    CHECK(*failed->what.next_try > 0s);
    CHECK(*failed->what.next_try >= *status.next_try);
    w.guest("s1").denies = nullptr;
    w.pass(60s);
    CHECK(w.status_of("cm").destinations.at(0).current);
    const auto after = w.names(wanted);
    CHECK_MESSAGE(in_order(after, {"push-begun", "generation-live"}),
                  words(after));
  });
}

TEST_CASE("what happens to a guest and a sandbox is told") {
  for_each_seed(seeds, [](chooser& choose) {
    world w{choose};
    w.add_volume("cm").rotate({{"a", {"1"}}});
    w.add_sandbox("s1");
    const auto id = w.share("s1", "c1", "cm").share_id;
    const event_filter of_it{"s1", ""};
    const auto made = w.names(of_it);
    CHECK_MESSAGE(
      in_order(made, {"sandbox-prepared", "guest-connected", "file-shared"}),
      words(made));
    w.guest("s1").drop();
    w.pass(2s);
    CHECK(has(w.names(of_it), "guest-lost"));
    REQUIRE(w.ask_over_time<unshare_file_reply>(
      unshare_file_request{"s1", {}, {}, id}));
    CHECK(has(w.names(of_it), "file-unshared"));
    REQUIRE(w.ask_over_time<cleanup_reply>(cleanup_request{"s1"}));
    CHECK(has(w.names(of_it), "sandbox-cleaned"));
  });
}

TEST_CASE("a watcher that never asks again holds up no rotation") {
  for_each_seed(10, [](chooser& choose) {
    world w{choose};
    auto& kubelet = w.add_volume("cm");
    kubelet.rotate({{"a", {"0"}}});
    w.add_sandbox("s1");
    w.share("s1", "c1", "cm");
    const auto hung
      = w.actors.call<event_page>(w.events, watch_events{1, {}, {}, true, 1h});
    for (int n = 1; n <= 5; ++n) {
      kubelet.rotate({{"a", {std::to_string(n)}}});
      w.pass(200ms);
      CHECK(w.status_of("cm").destinations.at(0).current);
    }
    CHECK(*hung);
  });
}

TEST_SUITE_END();
