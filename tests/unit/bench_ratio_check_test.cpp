// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/ratio_check.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace fsshare::bench;

TEST_SUITE("bench/suite/ratio_check") {
  TEST_CASE("what was recorded is read by its name") {
    const auto known = parse_known_ratios(
      R"({"margin": 0.25, "times": {"copy": 20}, "cpus": {"copy": 3},
          "instructions_margin": 0.1, "instructions": {"per copy": 3000}})");

    CHECK(known.margin == 0.25);
    CHECK(known.instructions_margin == 0.1);
    CHECK(known.times.at("copy") == 20);
    CHECK(known.cpus.at("copy") == 3);
    CHECK(known.instructions.at("per copy") == 3000);
  }

  TEST_CASE("a ratio may lose the margin, and no more") {
    CHECK(compare_ratio("copy", 15, 20, 0.25).holds);
    CHECK(compare_ratio("copy", 99, 20, 0.25).holds);
    const auto lost = compare_ratio("copy", 14.9, 20, 0.25);
    CHECK_FALSE(lost.holds);
    CHECK(lost.sentence
          == "copy: the peer's is 14.9 times ours, at least 15.0 wanted (20.0 "
             "recorded)");
  }

  TEST_CASE("instructions may grow by as much") {
    CHECK(compare_instructions("per copy", 4000, 3000, 0.25).holds);
    const auto more = compare_instructions("per copy", 4001, 3000, 0.25);
    CHECK_FALSE(more.holds);
    CHECK(
      more.sentence
      == "per copy: 4001 instructions, at most 4000 wanted (3000 recorded)");
  }

  TEST_CASE("a margin that lets everything pass is refused") {
    const auto text = [](const std::string& margin, const std::string& other) {
      return R"({"margin": )" + margin + R"(, "instructions_margin": )" + other
             + R"(, "times": {}, "cpus": {}, "instructions": {}})";
    };
    CHECK_NOTHROW(parse_known_ratios(text("0.5", "0.5")));
    for (const auto* margin : {"1", "0", "-0.5", "2"}) {
      CHECK_THROWS_AS(parse_known_ratios(text(margin, "0.5")),
                      std::invalid_argument);
      CHECK_THROWS_AS(parse_known_ratios(text("0.5", margin)),
                      std::invalid_argument);
    }
  }
}
