// SPDX-License-Identifier: Apache-2.0
#include "core/text/utf8.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/text/utf8");

TEST_CASE("well-formed text of one to four bytes per character is accepted") {
  for (const char* text :
       {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "a\xc3\xa4z"})
    CHECK(is_utf8(text));
}

TEST_CASE("ill-formed text is refused") {
  for (const char* text :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "ok\xffok"})
    CHECK_FALSE(is_utf8(text));
}

TEST_CASE(
  "what a peer said is cut and can neither move a cursor nor turn text") {
  constexpr std::string_view r = "\xef\xbf\xbd";
  const auto marked = [r](std::string_view before, std::string_view after) {
    return std::string{before}.append(r).append(after);
  };
  CHECK(peer_text("plain \xc3\xa4", 100) == "plain \xc3\xa4");
  // The first and the last of each range, too.
  for (const char* control :
       {"\x1b", "\n", "\x7f", "\xc2\x80", "\xc2\x9b", "\xc2\x9f", "\xd8\x9c",
        "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9",
        "\xe2\x81\xa9", "\xff"})
    CHECK(peer_text(std::string{"a"}.append(control).append("b"), 100)
          == marked("a", "b"));
  // In pieces, for no literal of ours turns what an editor shows.
  CHECK(peer_text(std::string{"a\xe2\x80"}.append("\xae"
                                                  "b"),
                  100)
        == marked("a", "b"));
  CHECK(peer_text(std::string{"a\xe2\x81"}.append("\xa6"
                                                  "b"),
                  100)
        == marked("a", "b"));
  CHECK(peer_text("a\xe2\x80\xa7\xe2\x81\xaa", 100)
        == "a\xe2\x80\xa7\xe2\x81\xaa");
  CHECK(peer_text(std::string(1000, 'x'), 7) == "xxxxxxx");
  CHECK(peer_text("ab\xc3\xa4", 3) == "ab");
  CHECK(peer_text("\xff\xff", 5) == r);
}

TEST_CASE("a long sentence is cut in its middle, and no character is") {
  CHECK(without_middle("short", 5) == "short");
  CHECK(without_middle("open /a/very/long/path: reason", 15)
        == "open /...reason");
  const std::string two = "\xc3\xa4";
  std::string text;
  for (int n = 0; n < 20; ++n)
    text += two;
  for (std::size_t most = 3; most < text.size(); ++most) {
    const auto cut = without_middle(text, most);
    CHECK(cut.size() <= most);
    CHECK(cut.size() + 3 > most);
    CHECK(is_utf8(cut));
  }
}

TEST_CASE("a guest agent's backtrace is no part of what it said") {
  CHECK(without_backtrace("copy: ENOSPC\n\nStack backtrace:\n 0: x")
        == "copy: ENOSPC");
  CHECK(without_backtrace("a stack backtrace:\n 0: x") == "a");
  CHECK(without_backtrace("Stack backtrace: x").empty());
  CHECK(without_backtrace("plain") == "plain");
}

TEST_SUITE_END();
