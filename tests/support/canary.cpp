// SPDX-License-Identifier: Apache-2.0
#include "tests/support/canary.hpp"

#include "core/blob.hpp"
#include "core/text/base64.hpp"
#include "tests/support/base64_text.hpp"
#include "tests/support/hex.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <functional>

namespace fsshare::test {

namespace {

/// So long that no other text has it by chance.
constexpr std::size_t piece_size = 8;

/// Base64 of the text behind that many other bytes, without the characters that
/// depend on what stands before and after.
std::string inner_base64(const std::string& text, std::size_t before,
                         std::string (*encode)(std::string_view)) {
  const auto encoded = encode(std::string(before, '\0') + text);
  const auto begin = (before * 8 + 5) / 6;
  const auto end = (before + text.size()) * 8 / 6;
  return encoded.substr(begin, end - begin);
}

std::string escaped(const std::string& text, const char* format) {
  std::string out;
  for (const char c : text) {
    char one[8] = {};
    std::snprintf(one, sizeof one, format,
                  static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += one;
  }
  return out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return text;
}

} // namespace

canary::canary(const std::string& text) : text_(text) {
  const auto add = [this](const char* form, const std::string& encoded,
                          std::size_t per_byte) {
    const auto size = piece_size * per_byte;
    for (std::size_t at = 0; at + size <= encoded.size(); ++at)
      pieces_.emplace_back(form, encoded.substr(at, size));
  };
  add("plain", text, 1);
  for (std::size_t before = 0; before < 3; ++before) {
    add("base64", inner_base64(text, before, base64_text), 1);
    add("base64url", inner_base64(text, before, base64url), 1);
  }
  const auto hex = to_hex(as_bytes(text));
  add("hexadecimal", hex, 2);
  add("hexadecimal", upper(hex), 2);
  add("octal escapes", escaped(text, "\\%03o"), 4);
  add("hexadecimal escapes", escaped(text, "\\x%02x"), 4);
}

std::string canary::found_in(const std::string& where) const {
  for (const auto& [form, piece] : pieces_)
    if (where.find(piece) != std::string::npos)
      return form;
  return {};
}

} // namespace fsshare::test
