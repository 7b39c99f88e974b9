// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace fsshare::test {

/// Reads hexadecimal digits; blanks between them are skipped.
inline bytes from_hex(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ' ' && c != '\n')
      digits += c;
  if (digits.size() % 2 != 0)
    throw std::invalid_argument("odd number of digits");
  bytes out;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    out.push_back(
      static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return out;
}

/// Writes lower-case hexadecimal digits.
inline std::string to_hex(byte_view data) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const auto byte : data) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

} // namespace fsshare::test
