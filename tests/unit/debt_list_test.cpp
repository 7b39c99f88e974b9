// SPDX-License-Identifier: Apache-2.0
#include "core/copy/debt_list.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using paths = std::vector<std::string>;

constexpr debt_list::time_point t0{1h};

} // namespace

TEST_SUITE_BEGIN("core/copy/debt_list");

TEST_CASE("a debt is tried again, ever more rarely, until it is gone") {
  debt_list debts{30s};
  CHECK_FALSE(debts.next_due());
  debts.owe("/g/v", "unreachable", t0);
  CHECK(debts.list() == std::vector<skipped_entry>{{"/g/v", "unreachable"}});
  CHECK(debts.next_due() == t0 + 30s);
  CHECK(debts.take_due(t0 + 29s).empty());
  CHECK(debts.take_due(t0 + 30s) == paths{"/g/v"});
  // It is being tried.
  CHECK_FALSE(debts.next_due());
  CHECK(debts.take_due(t0 + 1h).empty());

  debts.tried("/g/v", removal_result::failed, "busy", t0 + 31s);
  CHECK(debts.list() == std::vector<skipped_entry>{{"/g/v", "busy"}});
  CHECK(debts.take_due(t0 + 90s).empty());
  CHECK(debts.take_due(t0 + 91s) == paths{"/g/v"});
  debts.tried("/g/v", removal_result::removed, {}, t0 + 92s);
  CHECK(debts.list().empty());
  CHECK_FALSE(debts.next_due());
}

TEST_CASE("the waits of a debt grow to five minutes and no further") {
  debt_list debts{30s};
  auto now = t0;
  debts.owe("/g/v", "busy", now);
  for (const auto wait : {30s, 60s, 120s, 240s, 300s, 300s}) {
    CHECK(debts.next_due() == now + wait);
    now += wait;
    REQUIRE(debts.take_due(now) == paths{"/g/v"});
    debts.tried("/g/v", removal_result::denied, "denied", now);
  }
}

TEST_CASE("few debts are tried at a time, whatever is due, each in its turn") {
  debt_list debts{30s};
  constexpr std::size_t many = 1000;
  for (std::size_t n = 0; n < many; ++n)
    debts.owe("/g/" + std::to_string(n), "busy", t0);
  std::size_t tried = 0;
  for (auto out = debts.take_due(t0 + 30s); !out.empty();
       out = debts.take_due(t0 + 30s)) {
    CHECK(out.size() <= debt_list::most_out);
    CHECK(debts.take_due(t0 + 1h).size() + out.size() <= debt_list::most_out);
    tried += out.size();
    for (const auto& path : out)
      debts.tried(path, removal_result::failed, "busy", t0 + 31s);
  }
  CHECK(tried == many);
  CHECK(debts.list().size() == many);
  CHECK(debts.next_due() == t0 + 91s);
}

TEST_CASE("what a late request may make again is removed once more, twice, and "
          "is no debt") {
  debt_list debts{30s};
  debts.doubt("/g/v", t0);
  debts.tried("/g/v", removal_result::removed, {}, t0);
  CHECK(debts.list().empty());
  CHECK(debts.next_due() == t0 + 4s);
  debts.retry_now();
  CHECK(debts.next_due() == t0 + 4s);
  REQUIRE(debts.take_due(t0 + 4s) == paths{"/g/v"});
  // Its outcome is told in this order.
  debts.doubt("/g/v", t0 + 5s);
  debts.tried("/g/v", removal_result::removed, {}, t0 + 5s);
  REQUIRE(debts.take_due(t0 + 60s) == paths{"/g/v"});
  debts.doubt("/g/v", t0 + 61s);
  debts.tried("/g/v", removal_result::removed, {}, t0 + 61s);
  CHECK_FALSE(debts.next_due());
  // What it could not be is a debt like any other.
  debts.doubt("/g/w", t0);
  REQUIRE(debts.take_due(t0 + 4s) == paths{"/g/w"});
  debts.tried("/g/w", removal_result::failed, "busy", t0 + 5s);
  CHECK(debts.list() == std::vector<skipped_entry>{{"/g/w", "busy"}});
  CHECK(debts.next_due() == t0 + 35s);
}

TEST_CASE("nothing is removed below a path that is gone, which that would make "
          "again") {
  debt_list debts{30s};
  for (const char* path : {"/g/v", "/g/v/..1", "/g/v/..2", "/g/vx"})
    debts.doubt(path, t0);
  debts.forget_below("/g/v");
  CHECK(debts.take_due(t0 + 4s) == paths{"/g/v", "/g/vx"});
}

TEST_CASE("when the guest is reached all are due at once, apart from those "
          "that are being tried") {
  debt_list debts{30s};
  debts.owe("/g/a", "unreachable", t0);
  debts.owe("/g/b", "unreachable", t0 + 10s);
  REQUIRE(debts.take_due(t0 + 30s) == paths{"/g/a"});
  debts.retry_now();
  CHECK(debts.take_due(t0 + 30s) == paths{"/g/b"});
}

TEST_CASE("what a guest agent cannot remove waits for another one, what its "
          "policy denies for another policy") {
  debt_list debts{30s};
  debts.tried("/g/a", removal_result::impossible, "cannot", t0);
  CHECK_FALSE(debts.next_due());
  CHECK(debts.list().size() == 1);
  debts.retry_now();
  CHECK(debts.take_due(t0) == paths{"/g/a"});
  debts.tried("/g/b", removal_result::denied, "denied", t0);
  CHECK(debts.next_due() == t0 + 30s);
}

TEST_CASE("a path is used again only where no removal of it is out or to come, "
          "and is no debt then") {
  debt_list debts{30s};
  CHECK(debts.yield("/g/v"));
  debts.owe("/g/v", "busy", t0);
  CHECK_FALSE(debts.yield("/g/v"));
  REQUIRE(debts.take_due(t0 + 30s) == paths{"/g/v"});
  CHECK_FALSE(debts.yield("/g/v"));
  // Nothing is in it, but its names stay.
  debts.tried("/g/v", removal_result::emptied, "its names stay", t0 + 31s);
  CHECK(debts.list().size() == 1);
  CHECK(debts.yield("/g/v"));
  CHECK(debts.list().empty());
  debts.retry_now();
  CHECK(debts.take_due(t0 + 1h).empty());
  // What is gone and may come back is removed twice more.
  debts.doubt("/g/v", t0);
  for (int n = 0; n < 2; ++n) {
    CHECK_FALSE(debts.yield("/g/v"));
    REQUIRE(debts.take_due(t0 + 1h) == paths{"/g/v"});
    debts.tried("/g/v", removal_result::removed, {}, t0 + 1h);
  }
  CHECK(debts.yield("/g/v"));
}

TEST_SUITE_END();
