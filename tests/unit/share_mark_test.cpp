// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_mark.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/share/share_mark");

TEST_CASE("a mark is one line of JSON and reads back") {
  const auto text = render_share_mark({"box"});
  CHECK(text == "{\"format_version\":1,\"sandbox_id\":\"box\"}\n");
  const auto mark = parse_share_mark(text);
  REQUIRE(mark);
  CHECK(mark->sandbox_id == "box");
}

TEST_CASE("a mark of another format version is told from a damaged one") {
  const auto newer
    = parse_share_mark("{\"format_version\":2,\"sandbox_id\":\"box\"}\n");
  REQUIRE(!newer);
  CHECK(newer.err().code == errc::failed_precondition);
  for (const char* text :
       {"", "{}", R"({"format_version":1)", R"({"format_version":x})",
        R"({"format_version":1,"sandbox_id":"box"})",
        "{\"format_version\":1,\"sandbox_id\":\"../x\"}\n",
        "{\"format_version\":1,\"sandbox_id\":\"\"}\n"}) {
    const auto damaged = parse_share_mark(text);
    REQUIRE_MESSAGE(!damaged, text);
    CHECK(damaged.err().code == errc::data_loss);
  }
}

TEST_SUITE_END();
