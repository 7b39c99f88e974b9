// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fsshare {

/// FNV-1a with its published offset basis and prime for 64 bits. Tells apart
/// what nobody has made to look alike.
class fnv1a {
public:
  void add(std::string_view text) {
    for (const char c : text)
      add_byte(static_cast<unsigned char>(c));
    // Paths have no NUL, so no two sequences of fields look alike.
    add_byte(0);
  }

  void add(std::uint32_t number) {
    for (unsigned shift = 0; shift < 32; shift += 8)
      add_byte((number >> shift) & 0xffU);
  }

  std::uint64_t value() const {
    return value_;
  }

private:
  void add_byte(std::uint32_t byte) {
    value_ = (value_ ^ byte) * 0x100000001b3U;
  }

  std::uint64_t value_ = 0xcbf29ce484222325U;
};

/// Returns the 16 hex digits of a number.
inline std::string hex_digits(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4)
    text[i] = digits[number & 0xf];
  return text;
}

} // namespace fsshare
