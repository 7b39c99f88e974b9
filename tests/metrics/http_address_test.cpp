// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_address.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;

TEST_SUITE_BEGIN("core/net/http_address");

TEST_CASE("addresses are read, and written as they were") {
  CHECK(*parse_http_address("127.0.0.1:10260")
        == http_address{"", "127.0.0.1", 10260});
  CHECK(*parse_http_address("[::1]:80") == http_address{"", "::1", 80});
  CHECK(*parse_http_address("unix:///run/m.sock")
        == http_address{"/run/m.sock", "", 0});
  for (const char* text : {"127.0.0.1:10260", "[fe80::1]:80", "unix:///a"})
    CHECK(to_string(*parse_http_address(text)) == text);
}

TEST_CASE("what is no address is refused with a sentence that names it") {
  for (const std::string bad :
       {"", "x", ":1", "1.2.3.4", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:70000",
        "1.2.3.4:1x", "::1:1", "[::1]", "[]:1", "[1.2.3.4:1", "host:1",
        "unix://", "unix://a"}) {
    const auto got = parse_http_address(bad);
    REQUIRE_MESSAGE(!got, bad);
    CHECK(got.err().code == errc::invalid_argument);
    CHECK(got.err().message.find("'" + bad + "'") != std::string::npos);
  }
  CHECK_FALSE(parse_http_address("unix:///" + std::string(107, 'a')));
  CHECK(parse_http_address("unix:///" + std::string(106, 'a')));
}
