// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/svg_plot.hpp"

#include <doctest/doctest.h>

using namespace fsshare::bench;

TEST_SUITE("bench/suite/svg_plot") {
  namespace {

  bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  } // namespace

  TEST_CASE("growth tells linear from quadratic and from none") {
    CHECK(growth_of({{1, 3}, {10, 30}, {100, 300}}) == doctest::Approx(1));
    CHECK(growth_of({{1, 3}, {10, 300}, {100, 30000}}) == doctest::Approx(2));
    CHECK(growth_of({{1, 3}, {10, 3}}) == doctest::Approx(0));
    CHECK(growth_of({{1, 3}}) == 0);
    CHECK(growth_of({{5, 3}, {5, 4}}) == 0);
  }

  TEST_CASE("a plot spans its decades, from corner to corner if it is linear") {
    const auto svg
      = to_svg({{"keys", "ms", {{1, 10}, {10, 100}, {100, 1000}}}}, 1);

    CHECK(has(svg, "width=\"300\" height=\"240\""));
    CHECK(has(svg, "<polyline points=\"60,195 172.5,112.5 285,30\""));
    CHECK(has(svg, ">keys</text>"));
    CHECK(has(svg, ">1000</text>"));
    CHECK_FALSE(has(svg, ">10000</text>"));
  }

  TEST_CASE("plots stand beside and below each other") {
    const plot one{"x", "y", {{1, 1}, {10, 10}}};
    const auto svg = to_svg({one, one, one}, 2);

    CHECK(has(svg, "width=\"600\" height=\"480\""));
    CHECK(has(svg, "<polyline points=\"360,195 585,30\""));
    CHECK(has(svg, "<polyline points=\"60,435 285,270\""));
  }

  TEST_CASE("nothing measured is an empty plot") {
    CHECK(has(to_svg({{"x", "y", {}}}, 1), "<polyline points=\"\""));
  }
}
