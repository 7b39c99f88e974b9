// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/guest_copy_fixture.hpp"

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/volume/guest_copy");

TEST_CASE("a failed push is tried again under a name of its own, and what it "
          "left is removed after the next flip") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  const auto two = host("..2");
  copy.next(two, t0);
  CHECK(copy.finished(broken(flip_state::not_sent), t0)
        == order_verdict::failed);

  CHECK(copy.live_name() == "..1");
  CHECK(copy.last_error()->message == "broken");
  CHECK(words(copy.next(two, t0)) == "nothing");
  REQUIRE(copy.next_due());
  CHECK(*copy.next_due() >= t0 + 50ms);
  CHECK(*copy.next_due() <= t0 + 100ms);
  const auto later = t0 + 100ms;
  CHECK(words(copy.next(two, later)) == "push ..2.1");
  copy.finished(done(), later);
  CHECK(copy.live_name() == "..2.1");
  CHECK_FALSE(copy.last_error());
  CHECK(words(copy.next(two, later)) == "remove /g/v/..2;");
}

TEST_CASE("two parts go before the next push, once, and one where the guest "
          "has no room") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  const auto two = host("..2");
  copy.next(two, t0);
  SUBCASE("two") {
    copy.finished(broken(flip_state::not_sent), t0);
    REQUIRE(words(copy.next(two, t0 + 1s)) == "push ..2.1");
    copy.finished(broken(flip_state::not_sent), t0 + 1s);
    CHECK(words(copy.next(two, t0 + 2s))
          == "remove /g/v/..2;remove /g/v/..2.1;");
    CHECK(words(copy.next(two, t0 + 2s)) == "nothing");
    copy.finished(removed(2, removal_result::failed), t0 + 2s);
    CHECK(words(copy.next(two, t0 + 2s)) == "push ..2.2");
  }
  SUBCASE("no room") {
    auto full = broken(flip_state::not_sent, errc::internal);
    full.err.message = "write: No space left on device (os error 28)";
    copy.finished(full, t0);
    CHECK(words(copy.next(two, t0)) == "remove /g/v/..2;");
    copy.finished(removed(1), t0);
    CHECK(words(copy.next(two, t0 + 100ms)) == "push ..2.1");
  }
}

TEST_CASE("what a push left is removed where the host has again what the guest "
          "has") {
  auto copy = make();
  const auto one = host("..1");
  settle_at(copy, one, t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::not_sent), t0);
  CHECK(copy.failures() == 1);
  CHECK(words(copy.next(one, t0)) == "remove /g/v/..2;");
  CHECK(copy.failures() == 0);
  CHECK_FALSE(copy.last_error());
}

TEST_CASE("a superseded push costs no wait, and pushes are superseded until "
          "that has cost as many requests as one takes") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  // Each takes three: its directory, a file, and the flip.
  for (const char* name : {"..2", "..3"}) {
    REQUIRE(words(copy.next(host(name), t0)).starts_with("push "));
    CHECK(copy.overtaken());
    copy.finished(superseded(2), t0);
  }
  CHECK(words(copy.next(host("..4"), t0))
        == "remove /g/v/..2;remove /g/v/..3;");
  copy.finished(removed(2), t0);
  CHECK(words(copy.next(host("..4"), t0)) == "push ..4");
  CHECK_FALSE(copy.overtaken());
  copy.finished(done(), t0);
  copy.next(host("..5"), t0);
  CHECK(copy.overtaken());
}

TEST_CASE("a push takes its directories, links, chunks and flip") {
  for (const std::uint64_t wasted : {7, 8}) {
    auto copy = make();
    settle_at(copy, host("..1"), t0);
    auto two = *host("..2", {"a", "b", "c"});
    two.tree.entries[1].size = 2 << 20;
    two.tree.entries[2].size = (2 << 20) + 1;
    const auto large = std::make_shared<const volume_snapshot>(two);
    copy.next(large, t0);
    copy.finished(superseded(wasted), t0);
    REQUIRE(words(copy.next(large, t0)).starts_with("push ..2.1"));
    CHECK(copy.overtaken() == (wasted < 1 + 2 + 3 + 1 + 1));
  }
}

TEST_CASE("a superseded push of which nothing was sent wastes nothing") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  auto unsent = superseded(0);
  unsent.sent = false;
  for (int n = 0; n < 10; ++n) {
    REQUIRE(words(copy.next(host("..2"), t0)).starts_with("push "));
    REQUIRE(copy.overtaken());
    copy.finished(unsent, t0);
  }
}

TEST_CASE("a first push with entries beside the generation is not "
          "superseded") {
  for (const bool has_others : {false, true}) {
    auto copy = make();
    auto one = *host("..1");
    tree_entry file;
    file.path = "beside";
    file.type = entry_type::file;
    if (has_others)
      one.others.entries.push_back(file);
    copy.next(std::make_shared<const volume_snapshot>(one), t0);
    CHECK(copy.overtaken() == !has_others);
  }
}

TEST_CASE("a guest agent that answers ABORTED is tried again with a back-off, "
          "like any that fails") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::not_sent, errc::aborted), t0);
  CHECK(words(copy.next(host("..2"), t0)) == "nothing");
  CHECK(copy.failures() == 1);
}

TEST_CASE("a root that a failed push may have changed is sent again") {
  auto copy = make();
  const auto one = host("..1", {"a"}, 0);
  settle_at(copy, one, t0);
  REQUIRE(words(copy.next(host("..1", {"a"}, 2000), t0)).find("+root")
          != std::string::npos);
  copy.finished(broken(flip_state::not_sent), t0);

  SUBCASE("alone, if the host has the old owner again") {
    CHECK_FALSE(copy.converged(one->id));
    CHECK(words(copy.next(one, t0 + 1s)) == "link /g/v=;");
    copy.finished(done(), t0 + 1s);
    CHECK(words(copy.next(one, t0 + 1s)) == "remove /g/v/..1.1;");
    copy.finished(removed(1), t0 + 1s);
    CHECK(copy.converged(one->id));
  }
  SUBCASE("with the next generation") {
    CHECK(words(copy.next(host("..2", {"a"}, 0), t0 + 1s)) == "push ..2 +root");
  }
}

TEST_CASE("a flip without an answer is sent again, then back, before anything "
          "else") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::unknown), t0);

  CHECK(words(copy.next(host("..3"), t0)) == "flip /g/v/..data=..2;");
  copy.finished(broken(flip_state::unknown), t0);
  CHECK(words(copy.next(host("..3"), t0)) == "flip /g/v/..data=..1;");

  SUBCASE("the flip back is acknowledged: the push failed, and its retry "
          "waits") {
    copy.finished(done(), t0);
    CHECK(copy.live_name() == "..1");
    CHECK(copy.failures() == 1);
    CHECK(copy.last_error()->message == "broken");
    CHECK(words(copy.next(host("..3"), t0)) == "nothing");
    CHECK(words(copy.next(host("..3"), t0 + 100ms)) == "push ..3");
  }
  SUBCASE("the flip back fails too: both may be live and neither is touched") {
    copy.finished(broken(flip_state::unknown), t0);
    CHECK(words(copy.next(host("..3"), t0)) == "nothing");
    CHECK(words(copy.next(host("..3"), t0 + 1h)) == "flip /g/v/..data=..2;");
    copy.finished(done(), t0 + 1h);
    CHECK(copy.live_name() == "..2");
    CHECK(words(copy.next(host("..2"), t0 + 1h)) == "nothing");
    CHECK(words(copy.next(host("..2"), t0 + 1h + 2s)) == "remove /g/v/..1;");
  }
}

TEST_CASE("a flip that its second try brought about has not failed") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::unknown), t0);
  REQUIRE(copy.last_error());
  REQUIRE(words(copy.next(host("..2"), t0)) == "flip /g/v/..data=..2;");
  copy.finished(done(), t0);
  CHECK(copy.live_name() == "..2");
  CHECK_FALSE(copy.last_error());
  CHECK(copy.failures() == 0);
}

TEST_CASE("a push whose flip is live ends the row of superseded ones, whatever "
          "came after the flip") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  for (const char* name : {"..2", "..3"}) {
    copy.next(host(name), t0);
    copy.finished(superseded(2), t0);
  }
  copy.next(host("..4", {"a", "b"}), t0);
  copy.finished(removed(2), t0);
  copy.next(host("..4", {"a", "b"}), t0);
  REQUIRE_FALSE(copy.overtaken());
  copy.finished(broken(flip_state::acknowledged), t0);
  REQUIRE(words(copy.next(host("..5"), t0 + 1s)).starts_with("push ..5"));
  CHECK(copy.overtaken());
}

TEST_CASE("a flip that the guest's policy refuses leaves the old generation "
          "live") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::refused, errc::permission_denied), t0);
  CHECK(copy.live_name() == "..1");
  CHECK(words(copy.next(host("..2"), t0 + 1s)) == "push ..2.1");
}

TEST_CASE("a removal that failed is tried again and holds up neither a push "
          "nor other removals") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(done(), t0);
  REQUIRE(words(copy.next(host("..2"), t0 + 2s)) == "remove /g/v/..1;");
  copy.finished(removed(1, removal_result::failed), t0 + 2s);
  CHECK(copy.failures() == 0);
  CHECK(words(copy.next(host("..3"), t0 + 2s)) == "push ..3");
  copy.finished(done(), t0 + 2s);
  CHECK(words(copy.next(host("..3"), t0 + 5s))
        == "remove /g/v/..2;remove /g/v/..1;");
}

TEST_CASE("the success of a repair resets nothing of pushes that fail") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  const auto two = host("..2", {"a"}, 1000);
  unsigned pushes = 0;
  for (auto now = t0; now < t0 + 60s; now += 50ms)
    while (const auto order = copy.next(two, now)) {
      if (std::holds_alternative<push_order>(*order)) {
        ++pushes;
        copy.finished(broken(flip_state::not_sent), now);
      } else if (std::holds_alternative<steps_order>(*order)) {
        copy.finished(done(), now);
      } else {
        const auto n = std::get<removal_order>(*order).steps.size();
        copy.finished(removed(n), now);
      }
      CHECK(copy.failures() >= pushes);
      REQUIRE(copy.last_error());
    }
  CHECK(pushes >= 8);
  CHECK(pushes <= 12);
}

TEST_CASE("a generation that a flip without an answer may name stays, and the "
          "live one is flipped to again until that cannot be any more") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  auto lost = broken(flip_state::unknown);
  lost.cause = stop_cause::interrupted;
  copy.finished(lost, t0);
  REQUIRE(words(copy.next(host("..3"), t0 + 1s)) == "flip /g/v/..data=..2;");
  copy.finished(done(), t0 + 1s);
  const auto three = host("..3");
  REQUIRE(words(copy.next(three, t0 + 1s)) == "push ..3");
  copy.finished(done(), t0 + 1s);
  std::vector<std::chrono::milliseconds> flips;
  std::optional<guest_copy::time_point> gone_at;
  for (auto now = t0 + 1s; now < t0 + 20min; now += 100ms)
    while (const auto order = copy.next(three, now)) {
      const auto what = words(order);
      if (what == "flip /g/v/..data=..3;") {
        flips.push_back(
          std::chrono::duration_cast<std::chrono::milliseconds>(now - t0));
        copy.finished(done(), now);
        continue;
      }
      if (what.find("..2;") != std::string::npos)
        gone_at = now;
      copy.finished(removed(1), now);
    }
  REQUIRE(gone_at);
  CHECK(*gone_at >= t0 + 30s);
  CHECK(*gone_at <= t0 + 50s);
  REQUIRE(flips.size() > 10);
  CHECK(flips.size() < 25);
  // What happens late is put right in half of that time.
  for (std::size_t i = 1; i < flips.size(); ++i)
    CHECK(flips[i] - flips[i - 1]
          <= std::max(flips[i - 1] / 2 + 100ms, 1100ms));
  CHECK(flips.back() >= 10min);
  CHECK(copy.converged(three->id));
}

TEST_CASE("a flip to the live generation that fails is settled before anything "
          "else") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  auto lost = broken(flip_state::unknown);
  lost.cause = stop_cause::interrupted;
  copy.finished(lost, t0);
  copy.next(host("..2"), t0);
  copy.finished(broken(flip_state::unknown), t0);
  REQUIRE(words(copy.next(host("..2"), t0)) == "flip /g/v/..data=..1;");
  copy.finished(done(), t0);
  const auto one = host("..1");
  REQUIRE(words(copy.next(one, t0 + 1s)) == "flip /g/v/..data=..1;");
  copy.finished(broken(flip_state::unknown), t0 + 1s);
  CHECK_FALSE(copy.whole());
  CHECK(words(copy.next(host("..3"), t0 + 1s)) == "flip /g/v/..data=..1;");
  copy.finished(done(), t0 + 1s);
  CHECK(copy.whole());
  CHECK(copy.live_name() == "..1");
}

TEST_CASE("what a lost connection may make again is removed again") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  auto lost = broken(flip_state::not_sent);
  lost.cause = stop_cause::interrupted;
  copy.finished(lost, t0);
  const auto two = host("..2");
  REQUIRE(words(copy.next(two, t0 + 1s)) == "push ..2.1");
  copy.finished(done(), t0 + 1s);
  std::vector<std::chrono::seconds> removals;
  for (auto now = t0 + 1s; now < t0 + 20min; now += 500ms)
    while (const auto order = copy.next(two, now)) {
      if (words(order) == "remove /g/v/..2;")
        removals.push_back(
          std::chrono::duration_cast<std::chrono::seconds>(now - t0));
      copy.finished(removed(1), now);
    }
  const std::vector<std::chrono::seconds> doubling{
    1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 512s, 1024s};
  CHECK(removals == doubling);
  CHECK(all_leftovers(copy).empty());
}

TEST_CASE("a link whose removal may happen late is made again while it is "
          "wanted") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  copy.next(host("..2", {"a"}), t0);
  copy.finished(done(), t0);
  REQUIRE(words(copy.next(host("..2", {"a"}), t0)) == "remove /g/v/b;");
  auto lost = removed(1, removal_result::failed);
  lost.cause = stop_cause::interrupted;
  copy.finished(lost, t0);
  const auto three = host("..3", {"a", "b"});
  REQUIRE(words(copy.next(three, t0)) == "push ..3 b");
  copy.finished(done(), t0);
  REQUIRE(copy.whole());
  std::vector<std::chrono::milliseconds> made;
  for (auto now = t0; now < t0 + 30min;) {
    while (const auto order = copy.next(three, now)) {
      if (words(order) == "link /g/v/b=..data/b;") {
        made.push_back(
          std::chrono::duration_cast<std::chrono::milliseconds>(now - t0));
        CHECK(copy.whole());
        copy.finished(done(), now);
      } else {
        copy.finished(removed(1), now);
      }
    }
    const auto due = copy.next_due();
    if (!due)
      break;
    REQUIRE(*due > now);
    now = *due;
  }
  REQUIRE(made.size() > 8);
  CHECK(made.size() < 20);
  CHECK(made.front() == 1s);
  CHECK(made.back() >= 10min);
  CHECK(copy.converged(three->id));
}

TEST_CASE(
  "where parts of failed pushes cannot be removed, the third is followed "
  "by waits that grow, whatever reconnects") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  const auto two = host("..2");
  std::vector<guest_copy::time_point> pushes;
  for (auto now = t0; now < t0 + 1h; now += 1s) {
    copy.retry_now(now);
    while (auto order = copy.next(two, now)) {
      if (std::holds_alternative<push_order>(*order)) {
        pushes.push_back(now);
        copy.finished(broken(flip_state::not_sent), now);
      } else {
        const auto n = std::get<removal_order>(*order).steps.size();
        copy.finished(removed(n, removal_result::denied), now);
      }
      if (std::holds_alternative<removal_order>(*order))
        break;
    }
  }
  REQUIRE(pushes.size() > 4);
  CHECK(pushes[2] - t0 <= 10s);
  CHECK(pushes[3] - pushes[2] >= 15s);
  CHECK(pushes.size() <= 3 + 4 + 24);
  CHECK(copy.live_name() == "..1");
  CHECK(copy.last_error()->message.find("cannot be removed")
        != std::string::npos);
  CHECK(copy.last_error()->message.find("broken") != std::string::npos);
  REQUIRE(copy.next_due());
  auto now = *copy.next_due();
  for (; now < t0 + 2h && copy.acknowledged() != two->id; now += 1s) {
    const auto order = copy.next(two, now);
    if (order && std::holds_alternative<push_order>(*order))
      copy.finished(done(), now);
    else if (order)
      copy.finished(removed(100, removal_result::denied), now);
  }
  CHECK(copy.acknowledged() == two->id);
  CHECK(copy.held(now) == nullptr);
}

TEST_CASE("a repair of the root ends no hold, and its reason stays") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  const auto two = host("..2", {"a"}, 1000);
  auto now = t0;
  while (copy.held(now) == nullptr) {
    REQUIRE(now < t0 + 10min);
    const auto order = copy.next(two, now);
    if (!order)
      now += 100ms;
    else if (std::holds_alternative<push_order>(*order))
      copy.finished(broken(flip_state::not_sent), now);
    else if (std::holds_alternative<steps_order>(*order))
      copy.finished(done(), now);
    else
      copy.finished(removed(9, removal_result::denied), now);
  }
  copy.retry_now(now);
  REQUIRE(copy.held(now) != nullptr);
  CHECK(copy.held(now)->message.find("cannot be removed") != std::string::npos);
  REQUIRE(copy.last_error() != nullptr);
  CHECK(*copy.last_error() == *copy.held(now));
  CHECK(copy.held(now + 10min) == nullptr);
}

TEST_CASE("no push is superseded where an earlier one left what cannot be "
          "removed, until the next flip") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  REQUIRE(copy.overtaken());
  copy.finished(superseded(0), t0);
  copy.next(host("..3"), t0);
  copy.finished(superseded(0), t0);
  copy.next(host("..3"), t0);
  copy.finished(removed(2, removal_result::impossible), t0);
  REQUIRE(words(copy.next(host("..3"), t0)) == "push ..3.1");
  CHECK_FALSE(copy.overtaken());
  copy.finished(done(), t0);
  copy.next(host("..4"), t0);
  CHECK(copy.overtaken());
}

TEST_SUITE_END();
