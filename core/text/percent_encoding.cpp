// SPDX-License-Identifier: Apache-2.0
#include "core/text/percent_encoding.hpp"

namespace fsshare {

namespace {

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
         || (c >= 'a' && c <= 'z')
         || std::string_view{"-._~"}.find(c) != std::string_view::npos;
}

} // namespace

std::string percent_encode(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c))
      text += c;
    else
      text.append(1, '%')
        .append(1, digits[byte >> 4])
        .append(1, digits[byte & 0xf]);
  }
  return text;
}

} // namespace fsshare
