// SPDX-License-Identifier: Apache-2.0
#include "core/text/utf8.hpp"
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

TEST_CASE("no character of a value turns or ends what is shown of a line") {
  // CSI of C1; RIGHT-TO-LEFT OVERRIDE; LINE SEPARATOR; an isolate; a mark.
  // In pieces, for no literal of ours turns what an editor shows.
  std::string turning = "\xc2\x9b\xe2\x80";
  turning += "\xae\xe2\x80\xa8\xe2\x81";
  turning += "\xa6\xd8\x9c";
  CHECK(log::render(log_format::logfmt, "e", {{"a", turning}})
        == R"(event=e a="\u009b\u202e\u2028\u2066\u061c")");
  // Their neighbours stay as they are.
  const std::string neighbours = "\xc2\xa0\xe2\x80\xa7\xe2\x81\xaa\xd8\x9b";
  CHECK(log::render(log_format::json, "e", {{"a", neighbours}})
        == "\"event\":\"e\",\"a\":\"" + neighbours + "\"");
}

TEST_CASE("a long value is cut, and says so") {
  const auto line
    = log::render(log_format::logfmt, "e", {{"a", std::string(5000, 'x')}});
  CHECK(line == "event=e a=\"" + std::string(4096, 'x') + "... (5000 bytes)\"");
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
