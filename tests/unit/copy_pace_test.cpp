// SPDX-License-Identifier: Apache-2.0
#include "core/volume/copy_pace.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

constexpr copy_pace::time_point t0{1h};
const error broken{errc::unavailable, "broken"};

// So many parts are left behind.
copy_pace with_left(int n) {
  copy_pace pace{{}};
  for (int i = 0; i < n; ++i)
    pace.note_leftover("..1." + std::to_string(i), "/g/v", t0);
  return pace;
}

} // namespace

TEST_SUITE_BEGIN("core/volume/copy_pace");

TEST_CASE("each kind of order has a back-off of its own") {
  copy_pace pace{{}};
  pace.pushes().failed(broken, t0);
  pace.repairs().failed(broken, t0);
  pace.repairs().failed(broken, t0);
  CHECK_FALSE(pace.may_push(t0));
  CHECK(pace.settling().is_due(t0));
  CHECK(pace.failures() == 3);
  pace.repairs().succeeded();
  CHECK(pace.repairs().is_due(t0));
  CHECK_FALSE(pace.may_push(t0));
  CHECK(pace.failures() == 1);
  REQUIRE(pace.why() != nullptr);
  CHECK(pace.why()->message == "broken");
  pace.pushes().succeeded();
  CHECK(pace.why() == nullptr);
}

TEST_CASE("waits that are over are forgotten, failures are not") {
  copy_pace pace{{}};
  pace.pushes().failed(broken, t0);
  REQUIRE(pace.push_due());
  CHECK(*pace.push_due() > t0);
  CHECK(*pace.push_due() <= t0 + 100ms);
  pace.pass(t0);
  CHECK(pace.push_due());
  pace.pass(t0 + 100ms);
  CHECK_FALSE(pace.push_due());
  CHECK(pace.failures() == 1);
}

TEST_CASE("nothing that failed waits after a reconnect") {
  copy_pace pace{{}};
  pace.pushes().failed(broken, t0);
  pace.settling().failed(broken, t0);
  pace.repairs().failed(broken, t0);
  pace.retry_now();
  CHECK(pace.may_push(t0));
  CHECK(pace.settling().is_due(t0));
  CHECK(pace.repairs().is_due(t0));
}

TEST_CASE("superseded pushes may cost what one takes, until a flip") {
  copy_pace pace{{}};
  CHECK(pace.may_supersede(1));
  pace.wasted(4);
  CHECK(pace.may_supersede(5));
  pace.wasted(1);
  CHECK_FALSE(pace.may_supersede(5));
  pace.flipped();
  CHECK(pace.may_supersede(5));
}

TEST_CASE("no push is superseded where one left what cannot be removed") {
  auto pace = with_left(1);
  CHECK_FALSE(pace.may_supersede(100));
  pace.removed("..1.0");
  CHECK(pace.may_supersede(100));
}

TEST_CASE("from the third part on that cannot be removed pushes are held, and "
          "nothing else is") {
  CHECK(with_left(2).held(t0) == nullptr);
  auto pace = with_left(3);
  REQUIRE(pace.held(t0) != nullptr);
  CHECK(pace.held(t0 + 14s) != nullptr);
  CHECK(pace.held(t0 + 30s) == nullptr);
  CHECK(pace.repairs().is_due(t0));
  pace.retry_now();
  CHECK_FALSE(pace.may_push(t0));
  REQUIRE(pace.push_due());
  CHECK(*pace.push_due() >= t0 + 15s);

  SUBCASE("each further one for longer") {
    for (int i = 3; i < 9; ++i)
      pace.note_leftover("..1." + std::to_string(i), "/g/v", t0);
    CHECK(pace.held(t0 + 2min) != nullptr);
    CHECK(pace.held(t0 + 5min) == nullptr);
  }
  SUBCASE("the same part again does not hold them anew") {
    pace.note_leftover("..1.0", "/g/v", t0 + 1min);
    CHECK(pace.held(t0 + 1min) == nullptr);
  }
  SUBCASE("until fewer are left") {
    pace.removed("..1.1");
    CHECK(pace.may_push(t0));
  }
  SUBCASE("or a flip") {
    pace.flipped();
    CHECK(pace.may_push(t0));
    CHECK(pace.why() == nullptr);
  }
}

TEST_CASE("the reason of a hold names what failed") {
  copy_pace pace{{}};
  pace.pushes().failed(broken, t0);
  for (const char* name : {"a", "b", "c"})
    pace.note_leftover(name, "/g/v", t0);
  REQUIRE(pace.why() != nullptr);
  CHECK(pace.why()->code == errc::unavailable);
  CHECK(pace.why()->message
        == "3 copies in part cannot be removed from guest path /g/v, so the "
           "next try waits: broken");
}

TEST_SUITE_END();
