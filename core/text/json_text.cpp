// SPDX-License-Identifier: Apache-2.0
#include "core/text/json_text.hpp"

#include "core/text/utf8.hpp"

#include <algorithm>

namespace fsshare {

namespace {

std::string escape(unsigned value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    text += digits[value >> shift & 0xf];
  return text;
}

std::string escape_byte(char c) {
  switch (c) {
  case '"': return "\\\"";
  case '\\': return "\\\\";
  case '\n': return "\\n";
  case '\r': return "\\r";
  case '\t': return "\\t";
  case '<':
  case '>':
  case '&': return escape(static_cast<unsigned char>(c));
  default:
    return static_cast<unsigned char>(c) < 0x20
             ? escape(static_cast<unsigned char>(c))
             : std::string(1, c);
  }
}

} // namespace

std::string json_string(std::string_view text) {
  constexpr std::string_view replacement = "\\ufffd";
  std::string out = "\"";
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const auto character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0)
      out += replacement;
    else if (character == "\u2028" || character == "\u2029")
      out += character == "\u2028" ? "\\u2028" : "\\u2029";
    else if (length == 1)
      out += escape_byte(character.front());
    else
      out += character;
    text.remove_prefix(character.size());
  }
  return out + '"';
}

std::string json_object(const std::map<std::string, std::string>& members) {
  std::string out;
  for (const auto& [name, value] : members)
    out += (out.empty() ? "{" : ",") + json_string(name) + ":"
           + json_string(value);
  return out.empty() ? "{}" : out + "}";
}

bool is_too_deep(std::string_view text) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\')
      ++i;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '[' || c == '{') && ++depth > max_json_depth)
      return true;
    else if (!in_string && (c == ']' || c == '}') && depth > 0)
      --depth;
  }
  return false;
}

} // namespace fsshare
