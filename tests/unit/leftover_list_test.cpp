// SPDX-License-Identifier: Apache-2.0
#include "core/copy/leftover_list.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using paths = std::vector<std::string>;

constexpr leftover_list::time_point t0{1h};

std::vector<path_reason> listed(const leftover_list& all) {
  return all.page({}, 10'000).listed;
}

} // namespace

TEST_SUITE_BEGIN("core/copy/leftover_list");

TEST_CASE("a leftover is tried again, ever more rarely, until it is gone") {
  leftover_list leftovers{30s};
  CHECK_FALSE(leftovers.next_due());
  leftovers.add("/g/v", "unreachable", t0);
  CHECK(listed(leftovers) == std::vector<path_reason>{{"/g/v", "unreachable"}});
  CHECK(leftovers.next_due() == t0 + 30s);
  CHECK(leftovers.take_due(t0 + 29s).empty());
  CHECK(leftovers.take_due(t0 + 30s) == paths{"/g/v"});
  // It is being tried.
  CHECK_FALSE(leftovers.next_due());
  CHECK(leftovers.take_due(t0 + 1h).empty());

  leftovers.tried("/g/v", removal_result::failed, "busy", t0 + 31s);
  CHECK(listed(leftovers) == std::vector<path_reason>{{"/g/v", "busy"}});
  CHECK(leftovers.take_due(t0 + 90s).empty());
  CHECK(leftovers.take_due(t0 + 91s) == paths{"/g/v"});
  leftovers.tried("/g/v", removal_result::removed, {}, t0 + 92s);
  CHECK(listed(leftovers).empty());
  CHECK_FALSE(leftovers.next_due());
}

TEST_CASE("the waits of a leftover grow to five minutes and no further") {
  leftover_list leftovers{30s};
  auto now = t0;
  leftovers.add("/g/v", "busy", now);
  for (const auto wait : {30s, 60s, 120s, 240s, 300s, 300s}) {
    CHECK(leftovers.next_due() == now + wait);
    now += wait;
    REQUIRE(leftovers.take_due(now) == paths{"/g/v"});
    leftovers.tried("/g/v", removal_result::denied, "denied", now);
  }
}

TEST_CASE(
  "few leftovers are tried at a time, whatever is due, each in its turn") {
  leftover_list leftovers{30s};
  constexpr std::size_t many = 1000;
  for (std::size_t n = 0; n < many; ++n)
    leftovers.add("/g/" + std::to_string(n), "busy", t0);
  std::size_t tried = 0;
  for (auto out = leftovers.take_due(t0 + 30s); !out.empty();
       out = leftovers.take_due(t0 + 30s)) {
    CHECK(out.size() <= leftover_list::most_out);
    CHECK(leftovers.take_due(t0 + 1h).size() + out.size()
          <= leftover_list::most_out);
    tried += out.size();
    for (const auto& path : out)
      leftovers.tried(path, removal_result::failed, "busy", t0 + 31s);
  }
  CHECK(tried == many);
  CHECK(listed(leftovers).size() == many);
  CHECK(leftovers.next_due() == t0 + 91s);
}

TEST_CASE("what a late request may make again is removed once more, twice, and "
          "is no leftover") {
  leftover_list leftovers{30s};
  leftovers.doubt("/g/v", t0, t0);
  leftovers.tried("/g/v", removal_result::removed, {}, t0);
  CHECK(listed(leftovers).empty());
  CHECK(leftovers.next_due() == t0 + 4s);
  leftovers.retry_now();
  CHECK(leftovers.next_due() == t0 + 4s);
  REQUIRE(leftovers.take_due(t0 + 4s) == paths{"/g/v"});
  // Its outcome is told in this order.
  leftovers.doubt("/g/v", t0, t0 + 5s);
  leftovers.tried("/g/v", removal_result::removed, {}, t0 + 5s);
  REQUIRE(leftovers.take_due(t0 + 60s) == paths{"/g/v"});
  leftovers.doubt("/g/v", t0, t0 + 61s);
  leftovers.tried("/g/v", removal_result::removed, {}, t0 + 61s);
  CHECK_FALSE(leftovers.next_due());
  // What it could not be is a leftover like any other.
  leftovers.doubt("/g/w", t0, t0);
  REQUIRE(leftovers.take_due(t0 + 4s) == paths{"/g/w"});
  leftovers.tried("/g/w", removal_result::failed, "busy", t0 + 5s);
  CHECK(listed(leftovers) == std::vector<path_reason>{{"/g/w", "busy"}});
  CHECK(leftovers.next_due() == t0 + 35s);
}

TEST_CASE("what is lost of a later removal is waited for, too, and no try "
          "between makes the others fewer") {
  leftover_list leftovers{30s};
  const auto empty
    = [&](leftover_list::time_point lost_at, leftover_list::time_point now) {
        leftovers.doubt("/g/v", lost_at, now);
        leftovers.tried("/g/v", removal_result::emptied, "its names stay", now);
      };
  empty(t0, t0);
  CHECK(leftovers.next_due() == t0 + 4s);
  // As when the guest is reached anew.
  for (const auto passed : {1s, 2s}) {
    leftovers.retry_now();
    REQUIRE(leftovers.take_due(t0 + passed) == paths{"/g/v"});
    empty(t0, t0 + passed);
    CHECK(leftovers.next_due() == t0 + 4s);
  }
  REQUIRE(leftovers.take_due(t0 + 4s) == paths{"/g/v"});
  leftovers.tried("/g/v", removal_result::failed, "lost", t0 + 5s);
  leftovers.retry_now();
  REQUIRE(leftovers.take_due(t0 + 6s) == paths{"/g/v"});
  empty(t0 + 5s, t0 + 6s);
  CHECK(leftovers.next_due() == t0 + 10s);
  for (const auto due : {10s, 66s}) {
    REQUIRE(leftovers.take_due(t0 + due) == paths{"/g/v"});
    empty(t0 + 5s, t0 + due);
  }
  CHECK_FALSE(leftovers.next_due());
  CHECK(listed(leftovers).size() == 1);
}

TEST_CASE("nothing is removed below a path that is gone, which that would make "
          "again") {
  leftover_list leftovers{30s};
  for (const char* path : {"/g/v", "/g/v/..1", "/g/v/..2", "/g/vx"})
    leftovers.doubt(path, t0, t0);
  leftovers.forget_below("/g/v");
  CHECK(leftovers.take_due(t0 + 4s) == paths{"/g/v", "/g/vx"});
}

TEST_CASE("when the guest is reached all are due at once, apart from those "
          "that are being tried") {
  leftover_list leftovers{30s};
  leftovers.add("/g/a", "unreachable", t0);
  leftovers.add("/g/b", "unreachable", t0 + 10s);
  REQUIRE(leftovers.take_due(t0 + 30s) == paths{"/g/a"});
  leftovers.retry_now();
  // How long ago that is can be told.
  REQUIRE(leftovers.next_due());
  CHECK(*leftovers.next_due() <= t0);
  CHECK(*leftovers.next_due() > leftover_list::time_point::min() + 24h);
  CHECK(leftovers.take_due(t0 + 30s) == paths{"/g/b"});
}

TEST_CASE("what a guest agent cannot remove waits for another one, what its "
          "policy denies for another policy") {
  leftover_list leftovers{30s};
  leftovers.tried("/g/a", removal_result::impossible, "cannot", t0);
  CHECK_FALSE(leftovers.next_due());
  CHECK(listed(leftovers).size() == 1);
  leftovers.retry_now();
  CHECK(leftovers.take_due(t0) == paths{"/g/a"});
  leftovers.tried("/g/b", removal_result::denied, "denied", t0);
  CHECK(leftovers.next_due() == t0 + 30s);
}

TEST_CASE("of copies without contents that cannot be removed some are kept, "
          "the others counted, and all are shown") {
  leftover_list leftovers{30s};
  const auto empty = [&](const std::string& path) {
    leftovers.tried(path, removal_result::emptied, "its names stay", t0);
  };
  for (std::size_t n = 0; n < leftover_list::most_emptied + 100; ++n)
    empty("/g/c-" + std::to_string(n));
  leftovers.add("/g/other", "busy", t0);
  auto shown = leftovers.page({}, 1000).listed;
  REQUIRE(shown.size() == leftover_list::most_emptied + 2);
  CHECK(shown.front().path == "/g");
  CHECK(shown.front().reason.starts_with("100 more names in it"));
  // Another guest agent may remove those that are kept.
  leftovers.retry_now();
  std::size_t tried = 0;
  for (auto out = leftovers.take_due(t0); !out.empty();
       out = leftovers.take_due(t0))
    for (const auto& path : out) {
      ++tried;
      empty(path);
    }
  CHECK(tried == leftover_list::most_emptied + 1);
  shown = leftovers.page({}, 1000).listed;
  CHECK(shown.size() == leftover_list::most_emptied + 1);
  CHECK(shown.front().reason.starts_with("101 more names in it"));
}

TEST_CASE("a path is used again only where no removal of it is out or to come, "
          "and is no leftover then") {
  leftover_list leftovers{30s};
  CHECK(leftovers.yield("/g/v"));
  leftovers.add("/g/v", "busy", t0);
  CHECK_FALSE(leftovers.yield("/g/v"));
  REQUIRE(leftovers.take_due(t0 + 30s) == paths{"/g/v"});
  CHECK_FALSE(leftovers.yield("/g/v"));
  // Nothing is in it, but its names stay.
  leftovers.tried("/g/v", removal_result::emptied, "its names stay", t0 + 31s);
  CHECK(listed(leftovers).size() == 1);
  CHECK(leftovers.yield("/g/v"));
  CHECK(listed(leftovers).empty());
  leftovers.retry_now();
  CHECK(leftovers.take_due(t0 + 1h).empty());
  // What is gone and may come back is removed twice more.
  leftovers.doubt("/g/v", t0, t0);
  for (int n = 0; n < 2; ++n) {
    CHECK_FALSE(leftovers.yield("/g/v"));
    REQUIRE(leftovers.take_due(t0 + 1h) == paths{"/g/v"});
    leftovers.tried("/g/v", removal_result::removed, {}, t0 + 1h);
  }
  CHECK(leftovers.yield("/g/v"));
}

TEST_SUITE_END();
