// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_query.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;

TEST_SUITE_BEGIN("core/net/http_query");

TEST_CASE("a query is read by name, and decoded") {
  CHECK(parse_http_query("")->empty());
  CHECK(
    *parse_http_query("a=1&b=&c&&d=x%20y+z%2f%C3%A4=")
    == http_query{{"a", "1"}, {"b", ""}, {"c", ""}, {"d", "x y z/\xC3\xA4="}});
  CHECK(*parse_http_query("%61=%00")
        == http_query{{"a", std::string(1, '\0')}});
}

TEST_CASE("what is malformed, or named twice, is refused") {
  for (const char* bad :
       {"a=%", "a=%2", "a=%2g", "a=%-1", "a=%+1", "%=", "a=1&a=2", "a&%61"})
    CHECK_MESSAGE(!parse_http_query(bad), bad);
}
