#include "core/utf8.hpp"
#include "log/line.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("log/line");

TEST_CASE("plain values stand without quotes") {
  CHECK(log::render(log_format::logfmt, "volume-updated",
                    {{"volume", "/a/..data"}, {"keys", 3}, {"late", false}})
        == "event=volume-updated volume=/a/..data keys=3 late=false");
  CHECK(log::render(log_format::json, "volume-updated",
                    {{"volume", "/a"}, {"keys", -3}, {"late", true}})
        == R"("event":"volume-updated","volume":"/a","keys":-3,"late":true)");
}

TEST_CASE("a value can forge neither a field nor a line") {
  CHECK(log::render(log_format::logfmt, "e",
                    {{"a", "x y=z"}, {"b", ""}, {"c", "q\"\\"}})
        == R"(event=e a="x y=z" b="" c="q\"\\")");
  CHECK(log::render(log_format::logfmt, "e", {{"a", "x\nlevel=error\x1b\x7f"}})
        == R"(event=e a="x\nlevel=error\u001b\u007f")");
  CHECK(log::render(log_format::json, "e", {{"a", "\",\"b\":\"\t"}})
        == R"("event":"e","a":"\",\"b\":\"\u0009")");
}

TEST_CASE("bytes that are not UTF-8 are replaced") {
  CHECK(log::render(log_format::json, "e", {{"a", "\xc3\xa4\xff"}})
        == "\"event\":\"e\",\"a\":\"\xc3\xa4\xef\xbf\xbd\"");
}

TEST_CASE("valid UTF-8 stays as it is") {
  for (const char* text : {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xed\x9f\xbf",
                           "\xf0\x9f\x98\x80"})
    CHECK(valid_utf8(text) == text);
}

TEST_CASE("overlong forms, surrogates and cut characters are replaced") {
  const std::string bad = "\xef\xbf\xbd";
  CHECK(valid_utf8("\xc0\x80") == bad + bad);
  CHECK(valid_utf8("\xed\xa0\x80") == bad + bad + bad);
  CHECK(valid_utf8("\xf4\x90\x80\x80") == bad + bad + bad + bad);
  CHECK(valid_utf8("a\xe2\x82") == "a" + bad + bad);
  CHECK(valid_utf8("\x80z") == bad + "z");
}

TEST_SUITE_END();
