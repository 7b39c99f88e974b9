// SPDX-License-Identifier: Apache-2.0
#include "core/text/duration_text.hpp"

#include <doctest/doctest.h>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("core/text/duration_text");

TEST_CASE("a whole number with a unit is a duration") {
  CHECK(*parse_duration("10ns") == 10ns);
  CHECK(*parse_duration("100us") == 100us);
  CHECK(*parse_duration("250ms") == 250ms);
  CHECK(*parse_duration("30s") == 30s);
  CHECK(*parse_duration("1m") == 1min);
  CHECK(*parse_duration("1h") == 1h);
  CHECK(*parse_duration("0s") == 0s);
  CHECK(*parse_duration("9223372036854775807ns")
        == std::chrono::nanoseconds::max());
}

TEST_CASE("anything else is refused with a sentence that names it") {
  for (const char* text :
       {"", "s", "30", "1.5s", "-1s", "+1s", " 1s", "1 s", "1s ", "1S", "1d",
        "9223372036854775808ns", "9223372037s", "99999999999999999999s"}) {
    const auto parsed = parse_duration(text);
    REQUIRE_MESSAGE(!parsed, text);
    CHECK(parsed.err().code == errc::invalid_argument);
    CHECK(parsed.err().message.find("'" + std::string{text} + "'")
          != std::string::npos);
  }
}

TEST_CASE("durations are written in the largest unit without a fraction") {
  CHECK(format_duration(0ns) == "0s");
  CHECK(format_duration(1ns) == "1ns");
  CHECK(format_duration(1500us) == "1500us");
  CHECK(format_duration(250ms) == "250ms");
  CHECK(format_duration(1min) == "60s");
}

TEST_CASE("what is written reads as the same duration") {
  for (auto duration :
       {0ns, 1ns, 999ns, 1'000'000'001ns, std::chrono::nanoseconds{90min}})
    CHECK(*parse_duration(format_duration(duration)) == duration);
}

TEST_SUITE_END();
