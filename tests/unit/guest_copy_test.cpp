// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/guest_copy_fixture.hpp"

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/volume/guest_copy");

TEST_CASE("the first push brings the root, the rest and every link") {
  auto copy = make();
  const auto one = host("..1", {"a", "b"});
  CHECK(words(copy.next(one, t0)) == "push ..1 +root +others a b");
  CHECK(copy.busy());
  CHECK(words(copy.next(one, t0)) == "nothing");

  copy.finished(done(), t0);

  CHECK(copy.converged(one->id));
  CHECK(copy.live_name() == "..1");
  CHECK(words(copy.next(one, t0 + 1h)) == "nothing");
}

TEST_CASE("a rotation sends new links, then removes stale ones at once and the "
          "old generation after its grace") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  const auto two = host("..2", {"b", "c"});

  CHECK(words(copy.next(two, t0)) == "push ..2 c");
  copy.finished(done(), t0);
  CHECK(words(copy.next(two, t0)) == "remove /g/v/a;");
  copy.finished(removed(1), t0);
  CHECK(words(copy.next(two, t0 + 1999ms)) == "nothing");
  CHECK(copy.next_due() == t0 + 2s);
  CHECK(words(copy.next(two, t0 + 2s)) == "remove /g/v/..1;");
  copy.finished(removed(1), t0 + 2s);
  CHECK(copy.converged(two->id));
  CHECK_FALSE(copy.next_due());
}

TEST_CASE("kept generations stay until newer ones take their place") {
  auto copy = make(1);
  copy.next(host("..1"), t0);
  copy.finished(done(), t0);
  copy.next(host("..2"), t0 + 1s);
  copy.finished(done(), t0 + 1s);
  CHECK(words(copy.next(host("..2"), t0 + 1h)) == "nothing");
  copy.next(host("..3"), t0 + 2s);
  copy.finished(done(), t0 + 2s);
  CHECK(words(copy.next(host("..3"), t0 + 1h)) == "remove /g/v/..1;");
}

TEST_CASE("links that failed after the flip are sent again") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  const auto two = host("..2", {"a", "b"});
  copy.next(two, t0);
  copy.finished(broken(flip_state::acknowledged), t0);
  CHECK_FALSE(copy.converged(two->id));
  CHECK(words(copy.next(two, t0 + 1s)) == "link /g/v/b=..data/b;");
  copy.finished(done(), t0 + 1s);
  CHECK(words(copy.next(two, t0 + 3s)) == "remove /g/v/..1;");
}

TEST_CASE("a link that may exist is removed though nobody saw it made") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  copy.next(host("..2", {"a", "b"}), t0);
  copy.finished(broken(flip_state::acknowledged), t0);
  const auto three = host("..3", {"a"});
  REQUIRE(words(copy.next(three, t0 + 1s)) == "push ..3");
  copy.finished(done(), t0 + 1s);
  CHECK(words(copy.next(three, t0 + 1s)) == "remove /g/v/b;");
}

TEST_CASE("an owner that changed sends root and links again") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}, 0), t0);
  CHECK(words(copy.next(host("..1", {"a"}, 2000), t0)) == "push ..1.1 +root a");
}

TEST_CASE("what this guest agent cannot remove is listed and left") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  const auto two = host("..2", {"b"});
  copy.next(two, t0);
  copy.finished(done(), t0);
  CHECK(words(copy.next(two, t0 + 2s)) == "remove /g/v/a;remove /g/v/..1;");
  copy.finished(removed(2, removal_result::impossible), t0 + 2s);
  CHECK(words(copy.next(two, t0 + 1h)) == "nothing");
  CHECK(copy.converged(two->id));
  CHECK(copy.not_removable(100).listed
        == std::vector<std::string>{"/g/v/..1", "/g/v/a"});
}

TEST_CASE(
  "a link whose removal had no answer is sent again when wanted again") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  copy.next(host("..2", {"a"}), t0);
  copy.finished(done(), t0);
  REQUIRE(words(copy.next(host("..2", {"a"}), t0)) == "remove /g/v/b;");
  copy.finished(removed(1, removal_result::failed), t0);
  CHECK(words(copy.next(host("..3", {"a", "b"}), t0)) == "push ..3 b");
}

TEST_CASE("a link that a push leaves out is neither there nor missing, and "
          "judged anew with the next generation") {
  auto copy = make();
  const auto one = host("..1", {"a", "b"});
  CHECK(words(copy.next(one, t0)) == "push ..1 +root +others a b");
  auto outcome = done();
  outcome.left_out = {"b"};
  outcome.skipped.push_back({"b", "too large"});
  copy.finished(outcome, t0);
  CHECK(copy.converged(one->id));
  CHECK(copy.skipped().size() == 1);
  CHECK(words(copy.next(one, t0 + 1h)) == "nothing");
  CHECK(words(copy.next(host("..2", {"a", "b"}), t0 + 1h)) == "push ..2 b");
  copy.finished(done(), t0 + 1h);
  CHECK(words(copy.next(host("..2", {"a", "b"}), t0 + 2h))
        == "remove /g/v/..1;");
}

TEST_CASE("a link that was there and is left out later is removed") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  const auto two = host("..2", {"a", "b"});
  REQUIRE(words(copy.next(two, t0)) == "push ..2");
  auto outcome = done();
  outcome.left_out = {"b"};
  copy.finished(outcome, t0);
  CHECK(words(copy.next(two, t0)) == "remove /g/v/b;");
}

TEST_CASE("a repair sends no link that was left out") {
  auto copy = make();
  settle_at(copy, host("..1", {"a"}), t0);
  const auto two = host("..2", {"a", "b", "c"});
  copy.next(two, t0);
  auto outcome = broken(flip_state::acknowledged);
  outcome.left_out = {"b"};
  copy.finished(outcome, t0);
  CHECK(words(copy.next(two, t0 + 1s)) == "link /g/v/c=..data/c;");
}

TEST_CASE("names that the guest's root has for something else are told to "
          "each later push") {
  auto copy = make();
  auto odd = *host("..1", {"a", "b"});
  tree_entry dir;
  dir.path = "b";
  odd.others.entries.push_back(dir);
  const auto one = std::make_shared<const volume_snapshot>(odd);
  copy.next(one, t0);
  auto outcome = done();
  outcome.left_out = {"b"};
  copy.finished(outcome, t0);
  // Gone on the host, but the guest still has it.
  const auto order = copy.next(host("..2", {"a", "b"}), t0);
  REQUIRE(order);
  CHECK(std::get<push_order>(*order).options.taken
        == std::set<std::string>{"b"});
}

TEST_CASE("a push goes out beside a removal, and sends no link that is being "
          "removed") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  const auto two = host("..2", {"a"});
  copy.next(two, t0);
  copy.finished(done(), t0);
  REQUIRE(words(copy.next(two, t0)) == "remove /g/v/b;");
  const auto three = host("..3", {"a", "b", "c"});
  CHECK(words(copy.next(three, t0)) == "push ..3 c");
  copy.finished(done(), t0);
  CHECK(copy.acknowledged() == three->id);
  CHECK_FALSE(copy.whole());
  CHECK(words(copy.next(three, t0)) == "nothing");
  copy.finished(removed(1), t0);
  CHECK(words(copy.next(three, t0)) == "link /g/v/b=..data/b;");
  copy.finished(done(), t0);
  CHECK(copy.whole());
}

TEST_CASE("a root whose owner a removal took back is put right") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}, 0), t0);
  const auto two = host("..2", {"a"}, 0);
  copy.next(two, t0);
  copy.finished(done(), t0);
  REQUIRE(words(copy.next(two, t0)) == "remove /g/v/b;");
  const auto three = host("..3", {"a"}, 2000);
  REQUIRE(words(copy.next(three, t0)) == "push ..3 +root a");
  copy.finished(done(), t0);
  CHECK_FALSE(copy.has_whole_copy());
  copy.finished(removed(1), t0);
  CHECK(words(copy.next(three, t0)) == "link /g/v=;");
  copy.finished(done(), t0);
  CHECK(copy.has_whole_copy());
}

TEST_CASE("removals wait for what is sent, but not for ever") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.next(host("..2"), t0);
  copy.finished(done(), t0);
  const auto three = host("..3");
  REQUIRE(words(copy.next(three, t0 + 1s)) == "push ..3");
  CHECK(words(copy.next(three, t0 + 2900ms)) == "nothing");
  CHECK(copy.next_due() == t0 + 3s);
  CHECK(words(copy.next(three, t0 + 3s)) == "remove /g/v/..1;");
}

TEST_CASE("a guest that is empty again gets everything under a new name, and "
          "is not whole until then") {
  auto copy = make();
  const auto one = host("..1", {"a", "b"});
  settle_at(copy, one, t0);
  copy.guest_is_empty(t0);
  CHECK_FALSE(copy.acknowledged());
  CHECK_FALSE(copy.whole());
  CHECK(words(copy.next(one, t0)) == "push ..1.1 +root +others a b");
  copy.finished(done(), t0);
  CHECK(copy.whole());
  CHECK(copy.acknowledged() == one->id);
  // Should it be there after all.
  CHECK(words(copy.next(one, t0 + 2s)) == "remove /g/v/..1;");
}

TEST_CASE("what was under way when the guest was found empty does not count") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  const auto two = host("..2");
  REQUIRE(words(copy.next(two, t0)) == "push ..2");
  copy.guest_is_empty(t0);
  copy.finished(done(), t0);
  CHECK_FALSE(copy.acknowledged());
  CHECK(words(copy.next(two, t0)) == "push ..2.1 +root +others a");
}

TEST_CASE("links of deleted keys are told to each push, and known to be gone "
          "where it removed them") {
  auto copy = make();
  settle_at(copy, host("..1", {"a", "b"}), t0);
  const auto two = host("..2", {"a"});
  const auto push = copy.next(two, t0);
  REQUIRE(push);
  CHECK(std::get<push_order>(*push).options.links_to_remove
        == std::vector<std::string>{"b"});
  SUBCASE("the flip is acknowledged") {
    auto outcome = done();
    outcome.unlinked = {"b"};
    copy.finished(outcome, t0);
    REQUIRE(words(copy.next(two, t0 + 2s)) == "remove /g/v/..1;");
    copy.finished(removed(1, removal_result::emptied), t0 + 2s);
    CHECK(words(copy.next(two, t0 + 1h)) == "nothing");
    CHECK(copy.converged(two->id));
    CHECK(copy.not_removable(100).listed
          == std::vector<std::string>{"/g/v/..1"});
  }
  SUBCASE("it fails: the link is made again") {
    auto failed = broken(flip_state::not_sent);
    failed.unlinked = {"b"};
    copy.finished(failed, t0);
    CHECK_FALSE(copy.whole());
    CHECK(words(copy.next(two, t0)) == "link /g/v/b=..data/b;");
  }
}

TEST_CASE("leaving removes the whole copy once and reports what stays") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.leave();
  CHECK(words(copy.next(host("..2"), t0)) == "remove /g/v;");
  SUBCASE("removed") {
    copy.finished(removed(1), t0);
    CHECK(copy.gone());
    CHECK(all_leftovers(copy).empty());
  }
  SUBCASE("not removed") {
    copy.finished(removed(1, removal_result::failed), t0);
    CHECK(copy.gone());
    REQUIRE(all_leftovers(copy).size() == 1);
    CHECK(all_leftovers(copy).front().path == "/g/v");
  }
}

TEST_CASE("of a volume whose root may not be removed all that is in it goes") {
  auto copy = make();
  copy.next(host("..1", {"a", "b"}), t0);
  copy.finished(done(), t0);
  copy.leave();
  CHECK(words(copy.next(nullptr, t0)) == "remove /g/v;");
  auto denied = removed(1, removal_result::denied);
  denied.complete = false;
  SUBCASE("by name") {
    copy.finished(denied, t0);
    CHECK_FALSE(copy.gone());
    CHECK(words(copy.next(nullptr, t0))
          == "remove /g/v/..data;remove /g/v/..1;remove /g/v/a;remove /g/v/b;");
    SUBCASE("all of it") {
      copy.finished(removed(4), t0);
      REQUIRE(all_leftovers(copy).size() == 1);
      CHECK(all_leftovers(copy).front().reason.find("nothing is in it")
            != std::string::npos);
    }
    SUBCASE("not all") {
      copy.finished(removed(4, removal_result::failed), t0);
      REQUIRE(all_leftovers(copy).size() == 1);
      CHECK(all_leftovers(copy).front().reason.find("nothing is in it")
            == std::string::npos);
    }
  }
  SUBCASE("or is emptied at once") {
    copy.finished(removed(1, removal_result::emptied), t0);
    REQUIRE(all_leftovers(copy).size() == 1);
  }
  CHECK(copy.gone());
  CHECK(all_leftovers(copy).front().path == "/g/v");
}

TEST_CASE("leaving before anything was sent sends nothing") {
  auto copy = make();
  copy.leave();
  CHECK(words(copy.next(host("..1"), t0)) == "nothing");
  CHECK(copy.gone());
}

TEST_SUITE_END();
