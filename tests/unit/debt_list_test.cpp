// SPDX-License-Identifier: Apache-2.0
#include "core/debt_list.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using paths = std::vector<std::string>;

constexpr debt_list::time_point t0{1h};

} // namespace

TEST_SUITE_BEGIN("core/debt_list");

TEST_CASE("a debt is tried again at every interval until it is gone") {
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
  CHECK(debts.take_due(t0 + 61s) == paths{"/g/v"});
  debts.tried("/g/v", removal_result::removed, {}, t0 + 62s);
  CHECK(debts.list().empty());
  CHECK_FALSE(debts.next_due());
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

TEST_SUITE_END();
