// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log_settings.hpp"

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare::log {

/// One `key=value` of a line. Keys are `[a-z_]+` written in the program;
/// values may be anything. Never file contents.
class field {
public:
  field(std::string_view key, std::string value)
    : key_(key), value_(std::move(value)), is_text_(true) {
  }
  field(std::string_view key, std::string_view value)
    : field(key, std::string{value}) {
  }
  field(std::string_view key, const char* value)
    : field(key, std::string{value}) {
  }
  field(std::string_view key, bool value)
    : key_(key), value_(value ? "true" : "false"), is_text_(false) {
  }
  template <std::integral T>
  field(std::string_view key, T value)
    : key_(key), value_(std::to_string(value)), is_text_(false) {
  }

  std::string_view key() const {
    return key_;
  }
  const std::string& value() const {
    return value_;
  }
  /// False for numbers and truth values, which JSON writes without quotes.
  bool is_text() const {
    return is_text_;
  }

private:
  std::string_view key_;
  std::string value_;
  bool is_text_;
};

using fields = std::initializer_list<field>;

/// Returns `event=EVENT key=value …` or, for JSON, `"event":"EVENT","key":…`
/// without the braces. Values are quoted where needed, so that a value can
/// forge neither a field nor a line: control characters and bytes that are not
/// UTF-8 never come out.
/// @param more Come after the others.
std::string render(log_format format, std::string_view event,
                   const fields& values, const std::vector<field>& more = {});

} // namespace fsshare::log
