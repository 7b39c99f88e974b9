// SPDX-License-Identifier: Apache-2.0
#include "core/volume/look_pace.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/volume/look_pace");

TEST_CASE("changes that come together are looked at once, soon") {
  look_pace pace;
  const look_pace::time_point start{1h};
  CHECK(pace.changed(start) == start + look_pace::settling);
  CHECK_FALSE(pace.changed(start + 1ms));
  CHECK_FALSE(pace.changed(start + 1h));
  CHECK_FALSE(pace.looked(start + 200ms, start + 200ms, true));
  CHECK(pace.changed(start + 1s) == start + 1s + look_pace::settling);
}

TEST_CASE("a look that takes long is followed by a rest, whatever changes") {
  look_pace pace;
  const look_pace::time_point start{1h};
  pace.changed(start);
  const auto end = start + 2s;
  CHECK_FALSE(pace.looked(start, end, true));
  CHECK(pace.changed(end) == end + look_pace::rest * 2s);
}

TEST_CASE("what could not be done is tried again without another change") {
  look_pace pace;
  const look_pace::time_point start{1h};
  pace.changed(start);
  CHECK(pace.looked(start, start, false) == start + look_pace::retry);
  CHECK_FALSE(pace.changed(start + 1s));
  CHECK(pace.looked(start, start + 1s, false)
        == start + 1s + look_pace::rest * 1s);
}

TEST_SUITE_END();
