// SPDX-License-Identifier: Apache-2.0
#include "core/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace fsshare {

namespace {

// One row of table 3-7 of the Unicode Standard: which second byte may follow
// which first byte, and how many bytes there are.
struct sequence {
  std::uint8_t first_low, first_high;
  std::uint8_t second_low, second_high;
  std::uint8_t length;
};

constexpr auto sequences = std::to_array<sequence>({
  {0xc2, 0xdf, 0x80, 0xbf, 2},
  {0xe0, 0xe0, 0xa0, 0xbf, 3},
  {0xe1, 0xec, 0x80, 0xbf, 3},
  {0xed, 0xed, 0x80, 0x9f, 3},
  {0xee, 0xef, 0x80, 0xbf, 3},
  {0xf0, 0xf0, 0x90, 0xbf, 4},
  {0xf1, 0xf3, 0x80, 0xbf, 4},
  {0xf4, 0xf4, 0x80, 0x8f, 4},
});

bool is_between(char c, unsigned low, unsigned high) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}

constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD

} // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty())
    return 0;
  if (is_between(text[0], 0, 0x7f))
    return 1;
  for (const auto& row : sequences) {
    if (!is_between(text[0], row.first_low, row.first_high))
      continue;
    if (text.size() < row.length
        || !is_between(text[1], row.second_low, row.second_high))
      return 0;
    for (size_t i = 2; i < row.length; ++i)
      if (!is_between(text[i], 0x80, 0xbf))
        return 0;
    return row.length;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto length = utf8_length(text);
    out.append(length == 0 ? replacement : text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string peer_text(std::string_view said, std::size_t max_bytes) {
  std::string out;
  while (!said.empty()) {
    const auto length = utf8_length(said);
    auto shown = said.substr(0, length);
    if (length == 0 || control_length(shown) > 0)
      shown = replacement;
    if (out.size() + shown.size() > max_bytes)
      break;
    out += shown;
    said.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string without_middle(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view gap = "...";
  if (text.size() <= max_bytes)
    return std::string{text};
  const auto goes_on = [text](std::size_t at) {
    return at < text.size() && is_between(text[at], 0x80, 0xbf);
  };
  const auto room = max_bytes - gap.size();
  auto head = room / 2;
  while (head > 0 && goes_on(head))
    --head;
  auto tail = text.size() - (room - room / 2);
  while (goes_on(tail))
    ++tail;
  return std::string{text.substr(0, head)}.append(gap).append(
    text.substr(tail));
}

std::string_view without_backtrace(std::string_view said) noexcept {
  // As the crate anyhow writes it.
  const auto words = said.substr(
    0, std::min(said.find("Stack backtrace:"), said.find("stack backtrace:")));
  const auto last = words.find_last_not_of(" \n");
  return words.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::size_t control_length(std::string_view text) noexcept {
  if (text.empty())
    return 0;
  if (is_between(text[0], 0, 0x1f) || text[0] == '\x7f')
    return 1;
  const auto begins
    = [text](std::string_view lead, unsigned low, unsigned high) {
        return text.size() > lead.size() && text.starts_with(lead)
               && is_between(text[lead.size()], low, high);
      };
  // U+0080..U+009F; U+061C.
  if (begins("\xc2", 0x80, 0x9f) || begins("\xd8", 0x9c, 0x9c))
    return 2;
  // U+200E, U+200F; U+2028..U+202E; U+2066..U+2069.
  if (begins("\xe2\x80", 0x8e, 0x8f) || begins("\xe2\x80", 0xa8, 0xae)
      || begins("\xe2\x81", 0xa6, 0xa9))
    return 3;
  return 0;
}

} // namespace fsshare
