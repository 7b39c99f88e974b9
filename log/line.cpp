#include "log/line.hpp"

#include "core/utf8.hpp"

#include <algorithm>

namespace fsshare::log {

namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Returns a quoted string with JSON's escapes, which logfmt shares.
std::string quoted(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : valid_utf8(text)) {
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (c == '\n')
      out += "\\n";
    else if (is_control(c))
      out.append("\\u00")
        .append(1, digits[static_cast<unsigned char>(c) >> 4])
        .append(1, digits[static_cast<unsigned char>(c) & 0x0f]);
    else
      out += c;
  }
  return out + '"';
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return is_control(c) || c == ' ' || c == '"' || c == '=' || c == '\\'
           || static_cast<unsigned char>(c) >= 0x80;
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
                   const fields& values) {
  std::string out;
  append(out, format, "event", event, true);
  for (const auto& each : values)
    append(out, format, each.key(), each.value(), each.is_text());
  return out;
}

} // namespace fsshare::log
