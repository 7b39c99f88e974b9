// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/ratio_check.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace fsshare::bench;

TEST_SUITE("bench/suite/ratio_check") {
  namespace {

  constexpr auto text = R"({"margin": 0.25, "ratios": {"copy": 20},
                            "instructions": {"per copy": 3000}})";

  } // namespace

  TEST_CASE("a ratio may lose the margin, and no more") {
    const auto known = parse_known_ratios(text);

    CHECK(compare_ratio(known, "copy", 15).holds);
    CHECK(compare_ratio(known, "copy", 99).holds);
    const auto lost = compare_ratio(known, "copy", 14.9);
    CHECK_FALSE(lost.holds);
    CHECK(lost.sentence
          == "copy: 14.9 times as fast as the peer, at least 15.0 wanted (20.0 "
             "recorded)");
  }

  TEST_CASE("instructions may grow by as much") {
    const auto known = parse_known_ratios(text);

    CHECK(compare_instructions(known, "per copy", 4000).holds);
    const auto more = compare_instructions(known, "per copy", 4001);
    CHECK_FALSE(more.holds);
    CHECK(
      more.sentence
      == "per copy: 4001 instructions, at most 4000 wanted (3000 recorded)");
  }

  TEST_CASE("what is not known is not compared") {
    const auto known = parse_known_ratios(text);
    CHECK_THROWS_AS(compare_ratio(known, "other", 1), std::out_of_range);
  }

  TEST_CASE("a margin that lets everything pass is refused") {
    for (const auto* margin : {"1", "0", "-0.5", "2"})
      CHECK_THROWS_AS(
        parse_known_ratios(std::string{R"({"margin": )"} + margin
                           + R"(, "ratios": {}, "instructions": {}})"),
        std::invalid_argument);
  }
}
