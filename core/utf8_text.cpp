#include "core/utf8_text.hpp"

#include <algorithm>

namespace fsshare {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

/// Returns the length that a first byte announces; 0 if none begins with it.
std::size_t announced_length(unsigned char first) {
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return 2;
  if (first >= 0xe0 && first <= 0xef)
    return 3;
  if (first >= 0xf0 && first <= 0xf4)
    return 4;
  return 0;
}

/// Returns whether the second byte keeps clear of overlong forms, surrogates
/// and what is beyond U+10FFFF.
bool is_second(unsigned char first, unsigned char second) {
  const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high;
}

} // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty())
    return 0;
  const auto first = byte_at(text, 0);
  const auto length = announced_length(first);
  if (length <= 1 || text.size() < length)
    return text.size() < length ? 0 : length;
  if (!is_second(first, byte_at(text, 1)))
    return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte_at(text, i) & 0xc0) != 0x80)
      return 0;
  return length;
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

} // namespace fsshare
