#include "core/utf8.hpp"

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

/// Whether a terminal or an editor does something with a character instead of
/// showing it: C0, DEL and C1, U+2028 to U+202E, U+2066 to U+2069.
bool is_control(std::string_view character) {
  if (character.size() == 1)
    return is_between(character[0], 0, 0x1f) || character[0] == 0x7f;
  if (character.size() == 2)
    return character[0] == '\xc2' && is_between(character[1], 0x80, 0x9f);
  if (!character.starts_with("\xe2\x80") && !character.starts_with("\xe2\x81"))
    return false;
  return character[1] == '\x80' ? is_between(character[2], 0xa8, 0xae)
                                : is_between(character[2], 0xa6, 0xa9);
}

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
    if (length == 0 || is_control(shown))
      shown = replacement;
    if (out.size() + shown.size() > max_bytes)
      break;
    out += shown;
    said.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

} // namespace fsshare
