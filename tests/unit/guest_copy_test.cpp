// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/guest_copy_fixture.hpp"

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/guest_copy");

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
  CHECK(copy.not_removable() == std::vector<std::string>{"/g/v/..1", "/g/v/a"});
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

TEST_CASE("a name that the root has for something else gets no link") {
  auto copy = make();
  auto odd = *host("..1", {"a", "b"});
  tree_entry dir;
  dir.path = "b";
  odd.others.entries.push_back(dir);
  const auto one = std::make_shared<const volume_snapshot>(odd);
  CHECK(words(copy.next(one, t0)) == "push ..1 +root +others a");
  copy.finished(done(), t0);
  REQUIRE(copy.skipped().size() == 1);
  CHECK(copy.skipped().front().path == "b");
  // Gone on the host, but the guest still has it.
  CHECK(words(copy.next(host("..2", {"a", "b"}), t0)) == "push ..2");
}

TEST_CASE("leaving removes the whole copy once and reports what stays") {
  auto copy = make();
  settle_at(copy, host("..1"), t0);
  copy.leave();
  CHECK(words(copy.next(host("..2"), t0)) == "remove /g/v;");
  SUBCASE("removed") {
    copy.finished(removed(1), t0);
    CHECK(copy.gone());
    CHECK(copy.pending().empty());
  }
  SUBCASE("not removed") {
    copy.finished(removed(1, removal_result::failed), t0);
    CHECK(copy.gone());
    REQUIRE(copy.pending().size() == 1);
    CHECK(copy.pending().front().path == "/g/v");
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
      REQUIRE(copy.pending().size() == 1);
      CHECK(copy.pending().front().reason.find("nothing is in it")
            != std::string::npos);
    }
    SUBCASE("not all") {
      copy.finished(removed(4, removal_result::failed), t0);
      REQUIRE(copy.pending().size() == 1);
      CHECK(copy.pending().front().reason.find("nothing is in it")
            == std::string::npos);
    }
  }
  SUBCASE("or is emptied at once") {
    copy.finished(removed(1, removal_result::emptied), t0);
    REQUIRE(copy.pending().size() == 1);
  }
  CHECK(copy.gone());
  CHECK(copy.pending().front().path == "/g/v");
}

TEST_CASE("leaving before anything was sent sends nothing") {
  auto copy = make();
  copy.leave();
  CHECK(words(copy.next(host("..1"), t0)) == "nothing");
  CHECK(copy.gone());
}

TEST_SUITE_END();
