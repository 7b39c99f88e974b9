// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/curve_report.hpp"

#include <doctest/doctest.h>

using namespace fsshare::bench;

TEST_SUITE("bench/suite/curve_report") {
  TEST_CASE("a curve is its numbers, and how they grow") {
    const cost_curve keys{"keys", {{1, 2}, {10, 20}}, {{1, 30}, {10, 30}}};

    const auto table = curves_markdown({keys});

    CHECK(table
          == "| Rotation of | Time, ms | Peak of memory, MiB |\n|---|---|---|\n"
             "| 1 keys | 2.00 | 30.0 |\n| 10 keys | 20.00 | 30.0 |\n"
             "| keys: grows with the power of | 1.00 | 0.00 |\n");
  }

  TEST_CASE("times are plotted above memory") {
    const cost_curve keys{"keys", {{1, 2}}, {{1, 30}}};
    const cost_curve volumes{"volumes", {{1, 3}}, {{1, 40}}};

    const auto plots = curve_plots({keys, volumes});

    REQUIRE(plots.size() == 4);
    CHECK(plots[1].x_label == "volumes");
    CHECK(plots[1].points.front().second == 3);
    CHECK(plots[2].x_label == "keys");
    CHECK(plots[2].points.front().second == 30);
  }
}
