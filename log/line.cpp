// SPDX-License-Identifier: Apache-2.0
#include "log/line.hpp"

#include "core/text/utf8.hpp"

#include <algorithm>

namespace fsshare::log {

namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// What a peer says may be long; a line is to be read.
constexpr std::size_t max_value_bytes = 4096;

/// Returns the code point of a character of at most three bytes.
unsigned code_point(std::string_view c) {
  const auto byte = [c](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(c[i]));
  };
  if (c.size() == 1)
    return byte(0);
  if (c.size() == 2)
    return (byte(0) & 0x1fU) << 6 | (byte(1) & 0x3fU);
  return (byte(0) & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
}

std::string escaped(std::string_view control) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (control == "\n")
    return "\\n";
  const auto code = code_point(control);
  std::string out = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    out += digits[code >> shift & 0xfU];
  return out;
}

/// Returns a quoted string with JSON's escapes, which logfmt shares.
std::string quoted(std::string_view text) {
  const auto whole = valid_utf8(text.substr(0, max_value_bytes));
  std::string out = "\"";
  for (std::string_view rest{whole}; !rest.empty();) {
    const auto control = control_length(rest);
    const auto length = std::max<std::size_t>(utf8_length(rest), 1);
    if (control > 0)
      out += escaped(rest.substr(0, control));
    else if (rest.front() == '"' || rest.front() == '\\')
      out.append(1, '\\').append(1, rest.front());
    else
      out += rest.substr(0, length);
    rest.remove_prefix(control > 0 ? control : length);
  }
  if (text.size() > max_value_bytes)
    out += "... (" + std::to_string(text.size()) + " bytes)";
  return out + '"';
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= max_value_bytes
         && std::none_of(text.begin(), text.end(), [](char c) {
              return is_control(c) || c == ' ' || c == '"' || c == '='
                     || c == '\\' || static_cast<unsigned char>(c) >= 0x80;
            });
}

void append(std::string& out, log_format format, std::string_view key,
            std::string_view value, bool is_text) {
  const bool first = out.empty();
  if (format == log_format::logfmt) {
    out.append(first ? "" : " ").append(key).append("=");
    out += is_plain(value) ? std::string{value} : quoted(value);
    return;
  }
  out.append(first ? "" : ",").append(quoted(key)).append(":");
  out += is_text ? quoted(value) : std::string{value};
}

} // namespace

std::string render(log_format format, std::string_view event,
                   const fields& values, const std::vector<field>& more) {
  std::string out;
  append(out, format, "event", event, true);
  for (const auto& each : values)
    append(out, format, each.key(), each.value(), each.is_text());
  for (const auto& each : more)
    append(out, format, each.key(), each.value(), each.is_text());
  return out;
}

} // namespace fsshare::log
