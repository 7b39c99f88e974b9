// SPDX-License-Identifier: Apache-2.0
#include "core/text/base64.hpp"
#include "core/text/json_text.hpp"
#include "core/text/percent_encoding.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/text codecs");

TEST_CASE("the examples of RFC 4648 are encoded and decoded") {
  const std::pair<const char*, const char*> examples[]{{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : examples) {
    CHECK(base64url(plain) == encoded);
    CHECK(decode_base64(encoded) == plain);
  }
  CHECK(base64url("\xfb\xff\xfe") == "-__-");
  CHECK(decode_base64("+//+") == "\xfb\xff\xfe");
  CHECK(base64url("01/02") == "MDEvMDI=");
}

TEST_CASE("what is no standard base64 with padding is refused") {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "-__-",
        "Zm 9v", "Zm9v\n", "Zg==Zg=="})
    CHECK_MESSAGE(!decode_base64(text), text);
}

TEST_CASE("all but unreserved characters are percent-encoded") {
  CHECK(percent_encode("/rafs/c-1_.~/lowerdir")
        == "%2Frafs%2Fc-1_.~%2Flowerdir");
  CHECK(percent_encode("a b&c=d%\xff") == "a%20b%26c%3Dd%25%FF");
}

TEST_CASE("JSON strings are escaped as Go escapes them") {
  CHECK(json_string("plain") == R"("plain")");
  CHECK(json_string("\"\\\n\r\t\b\x01") == R"("\"\\\n\r\t\u0008\u0001")");
  CHECK(json_string("<a&b>") == R"("\u003ca\u0026b\u003e")");
  CHECK(json_string("\u2028\u2029 é") == "\"\\u2028\\u2029 é\"");
  CHECK(json_string("a\xff\xc3") == R"("a\ufffd\ufffd")");
  CHECK(json_object({}) == "{}");
  CHECK(json_object({{"b", "2"}, {"a", "1"}}) == R"({"a":"1","b":"2"})");
}

TEST_SUITE_END();
