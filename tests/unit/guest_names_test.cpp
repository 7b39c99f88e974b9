// SPDX-License-Identifier: Apache-2.0
#include "core/volume/guest_names.hpp"
#include "tests/unit/guest_copy_fixture.hpp"

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace {

using list = std::vector<std::string>;

guest_names empty(bool has_tree = false) {
  guest_names::settings s;
  s.root = "/g/v";
  s.has_tree = has_tree;
  return guest_names{s};
}

order_outcome lost(flip_state flip = flip_state::not_sent) {
  auto o = broken(flip);
  o.cause = stop_cause::interrupted;
  return o;
}

// Pushes it whole.
void bring(guest_names& names, const volume_snapshot_ptr& what,
           guest_names::time_point now) {
  auto planned = names.begin_push(*what);
  const auto links = planned.effect.sent_links;
  names.was_sent();
  names.went_live(std::move(planned.effect), now);
  names.links_sent(links, done(), now);
}

// Takes away what is due; returns the names.
list clear(guest_names& names, guest_names::time_point now,
           const order_outcome& outcome = removed(9)) {
  list out;
  const removal_order order{names.begin_removals(now)};
  for (const auto& step : order.steps)
    out.push_back(step.path.substr(5));
  names.removals_tried(order, outcome, now);
  return out;
}

list links_of(const planned_repair& repair) {
  return {repair.links.begin(), repair.links.end()};
}

volume_snapshot_ptr with_others(const std::string& name) {
  auto made = *host(name);
  tree_entry file;
  file.path = "beside/file";
  file.type = entry_type::file;
  made.others.entries.push_back(file);
  return std::make_shared<const volume_snapshot>(std::move(made));
}

} // namespace

TEST_SUITE_BEGIN("core/volume/guest_names");

TEST_CASE("no name is given twice, and one that was not sent is not known") {
  auto names = empty();
  auto first = names.begin_push(*host("..1"));
  CHECK(first.effect.name == "..1");
  auto unsent = broken(flip_state::not_sent);
  unsent.sent = false;
  names.never_went_live(first.effect, unsent, t0);
  CHECK_FALSE(names.may_exist());
  CHECK(names.is_clean());
  auto second = names.begin_push(*host("..1"));
  CHECK(second.effect.name == "..1.1");
  names.was_sent();
  names.never_went_live(second.effect, broken(flip_state::not_sent), t0);
  CHECK(names.may_exist());
  CHECK_FALSE(names.is_clean());
  names.clear_parts(nullptr, t0);
  CHECK(clear(names, t0) == list{"..1.1"});
}

TEST_CASE("what a generation replaced goes after its grace, and the links that "
          "it has no more at once") {
  auto names = empty();
  bring(names, host("..1", {"a", "b"}), t0);
  bring(names, host("..2", {"a"}), t0);
  CHECK(names.live_name() == "..2");
  CHECK(clear(names, t0) == list{"b"});
  CHECK(clear(names, t0 + 1999ms).empty());
  CHECK(clear(names, t0 + 2s) == list{"..1"});
  CHECK(names.is_clean());
}

TEST_CASE("a generation that a flip without an answer may name stays") {
  auto names = empty();
  bring(names, host("..1"), t0);
  const auto push = names.begin_push(*host("..2"));
  names.flip_unknown(push.effect);
  names.flip_lost("..2", t0);
  names.never_went_live(push.effect, done(), t0);
  names.flip_acknowledged(t0);
  names.clear_parts(nullptr, t0);
  CHECK(clear(names, t0 + 29s).empty());
  REQUIRE(names.flip_due());
  names.flip_acknowledged(t0 + 30s);
  CHECK(clear(names, t0 + 30s) == list{"..2"});
}

TEST_CASE("a generation whose emptying lost its answers is emptied once more "
          "later, whenever that was") {
  auto names = empty();
  bring(names, host("..1"), t0);
  bring(names, host("..2"), t0);
  auto unanswered = removed(1, removal_result::failed);
  unanswered.cause = stop_cause::interrupted;
  REQUIRE(clear(names, t0 + 2s, unanswered) == list{"..1"});
  const auto emptied = removed(1, removal_result::emptied);
  REQUIRE(clear(names, t0 + 3s, emptied) == list{"..1"});
  REQUIRE(clear(names, t0 + 4s, unanswered) == list{"..1"});
  REQUIRE(clear(names, t0 + 5s, emptied) == list{"..1"});
  CHECK(clear(names, t0 + 5s, emptied).empty());
  CHECK(names.removals_due() == t0 + 6s);
  CHECK(clear(names, t0 + 6s, emptied) == list{"..1"});
  CHECK(names.removals_due() == t0 + 8s);
}

TEST_CASE("a link is sent where it is missing, or has another owner, or its "
          "request had no answer") {
  auto names = empty();
  bring(names, host("..1", {"a", "b"}), t0);
  CHECK(names.begin_push(*host("..2", {"a", "b", "c"})).effect.sent_links
        == std::set<std::string>{"c"});
  CHECK(names.begin_push(*host("..2", {"a"}, 7)).effect.sent_links
        == std::set<std::string>{"a"});
  names.links_sent({"a"}, lost(), t0);
  CHECK_FALSE(names.links_are_there());
  CHECK(links_of(names.begin_repair(t0)) == list{"a"});
  names.links_sent({"a"}, done(), t0);
  CHECK(names.links_are_there());
  CHECK(names.begin_repair(t0).steps.size() == 1);
}

TEST_CASE("a link whose removal may come late is made again while it is "
          "wanted") {
  auto names = empty();
  bring(names, host("..1", {"a", "b"}), t0);
  bring(names, host("..2", {"a"}), t0);
  auto failed = removed(1, removal_result::failed);
  failed.cause = stop_cause::interrupted;
  REQUIRE(clear(names, t0, failed) == list{"b"});
  CHECK_FALSE(names.links_due());
  bring(names, host("..3", {"a", "b"}), t0 + 3s);
  CHECK(names.links_are_there());
  CHECK(names.links_due() == t0 + 6s);
  CHECK(names.begin_repair(t0 + 5s).steps.empty());
  CHECK(links_of(names.begin_repair(t0 + 6s)) == list{"b"});
  names.links_sent({"b"}, done(), t0 + 6s);
  CHECK(names.links_due() == t0 + 12s);
  bring(names, host("..4", {"a"}), t0 + 7s);
  CHECK_FALSE(names.links_due());
}

TEST_CASE("a link that was removed before a flip that did not come is made "
          "again, and once more later if that removal had no answer") {
  auto names = empty();
  bring(names, host("..1", {"a", "b"}), t0);
  auto push = names.begin_push(*host("..2", {"a"}));
  push.effect.unlinked = {"b"};
  SUBCASE("answered") {
    names.never_went_live(push.effect, broken(flip_state::not_sent), t0);
    CHECK(links_of(names.begin_repair(t0)) == list{"b"});
    names.links_sent({"b"}, done(), t0);
    CHECK_FALSE(names.links_due());
  }
  SUBCASE("not answered") {
    names.never_went_live(push.effect, lost(), t0);
    CHECK(links_of(names.begin_repair(t0)) == list{"b"});
    names.links_sent({"b"}, done(), t0);
    CHECK(names.links_due() == t0 + 1s);
  }
}

TEST_CASE("the root is unsure after a push that sent it and never went live, "
          "and after a removal with another owner") {
  auto names = empty();
  bring(names, host("..1"), t0);
  CHECK(names.root_is_known());
  const auto push = names.begin_push(*host("..1", {"a"}, 7));
  CHECK(push.options.send_root);
  names.never_went_live(push.effect, broken(flip_state::not_sent), t0);
  CHECK_FALSE(names.root_is_known());
  CHECK_FALSE(names.is_repaired());
  REQUIRE(names.begin_repair(t0).steps.size() == 1);
  CHECK_FALSE(names.root_is_known());
  names.repaired();
  CHECK(names.root_is_known());
  names.clear_parts(nullptr, t0);
  const removal_order order{names.begin_removals(t0)};
  bring(names, host("..1", {"a"}, 7), t0);
  CHECK_FALSE(names.root_is_known());
  names.begin_repair(t0);
  names.removals_tried(order, removed(1), t0);
  names.repaired();
  CHECK_FALSE(names.root_is_known());
}

TEST_CASE("two parts have to go before the next push, and one where there was "
          "no room") {
  auto names = empty();
  bring(names, host("..1"), t0);
  const auto fail = [&] {
    const auto push = names.begin_push(*host("..2"));
    names.never_went_live(push.effect, broken(flip_state::not_sent), t0);
  };
  fail();
  names.clear_too_many_parts(nullptr, t0);
  CHECK_FALSE(names.must_clear_first());
  CHECK(clear(names, t0).empty());
  SUBCASE("two") {
    fail();
    names.clear_too_many_parts(nullptr, t0);
    CHECK(names.must_clear_first());
    CHECK(clear(names, t0, removed(9, removal_result::failed))
          == list{"..2", "..2.1"});
  }
  SUBCASE("no room") {
    names.room_is_short();
    names.clear_too_many_parts(nullptr, t0);
    CHECK(names.must_clear_first());
    CHECK(clear(names, t0) == list{"..2"});
  }
  CHECK_FALSE(names.must_clear_first());
}

TEST_CASE("parts that cannot be removed are told, those of before the flip are "
          "not") {
  auto names = empty();
  bring(names, host("..1"), t0);
  const auto push = names.begin_push(*host("..2"));
  names.never_went_live(push.effect, broken(flip_state::not_sent), t0);
  names.clear_parts(nullptr, t0);
  const removal_order order{names.begin_removals(t0)};
  REQUIRE(order.steps.size() == 1);
  SUBCASE("denied") {
    CHECK(
      names.removals_tried(order, removed(1, removal_result::denied), t0).left
      == list{"..2"});
  }
  SUBCASE("not even sent") {
    auto unsent = removed(1, removal_result::failed);
    unsent.sent = false;
    CHECK(names.removals_tried(order, unsent, t0).left.empty());
  }
  SUBCASE("after the flip") {
    bring(names, host("..3"), t0);
    CHECK(names.removals_tried(order, removed(1, removal_result::denied), t0)
            .left.empty());
  }
}

TEST_CASE("all names that may exist go where the root itself may not") {
  auto names = empty();
  bring(names, with_others("..1"), t0);
  bring(names, host("..2", {"b"}), t0);
  list paths;
  for (const auto& step : names.all_removals())
    paths.push_back(step.path.substr(5));
  CHECK(paths == list{"..data", "..1", "..2", "a", "b", "beside"});
  CHECK(names.root_removal().path == "/g/v");
}

TEST_CASE("the first push of a volume that was shared as a tree brings what "
          "stands beside its generation, and moves on where that fails") {
  auto names = empty(true);
  CHECK(names.may_exist());
  const auto push = [&] {
    return names.begin_push(*with_others("..1"));
  };
  auto first = push();
  CHECK(first.options.send_others);
  SUBCASE("refused: the next one does without, and says so") {
    names.never_went_live(first.effect, broken(flip_state::not_sent), t0);
    auto second = push();
    CHECK_FALSE(second.options.send_others);
    REQUIRE(second.effect.skipped.size() == 1);
    CHECK(second.effect.skipped.front().path == "beside");
    CHECK(second.effect.skipped.front().reason
          == "is as it was shared: broken");
    SUBCASE("that fails as well: it was not them") {
      names.never_went_live(second.effect, broken(flip_state::not_sent), t0);
      CHECK(push().options.send_others);
    }
    SUBCASE("a connection that ends says nothing about them") {
      names.never_went_live(second.effect, lost(), t0);
      CHECK_FALSE(push().options.send_others);
    }
    SUBCASE("a guest that is empty has nothing in their way") {
      names.guest_is_empty();
      CHECK(push().options.send_others);
    }
  }
  SUBCASE("with a connection that ended they are sent again") {
    names.never_went_live(first.effect, lost(), t0);
    CHECK(push().options.send_others);
  }
  SUBCASE("later ones leave them alone") {
    names.went_live(std::move(first.effect), t0);
    const auto later = names.begin_push(*with_others("..2"));
    CHECK_FALSE(later.options.send_others);
    CHECK(later.options.taken == std::set<std::string>{"beside"});
    CHECK(later.effect.skipped.empty());
  }
}

TEST_SUITE_END();
