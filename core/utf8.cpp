#include "core/utf8.hpp"

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

// Returns the length of the sequence that `text` begins with, 0 if it is none.
size_t sequence_length(std::string_view text) {
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

} // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = sequence_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

} // namespace fsshare
