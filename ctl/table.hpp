// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare::ctl {

/// Text in columns for a terminal.
class table {
public:
  explicit table(std::vector<std::string> titles);

  /// Adds a row of as many cells as there are titles.
  void add(std::vector<std::string> row);

  /// Returns titles and rows, columns two blanks apart, no blanks at line ends.
  /// Empty cells become `-`.
  std::string text() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

/// Returns `name: value` lines with the values below each other.
std::string
name_lines(const std::vector<std::pair<std::string, std::string>>& lines);

/// Returns text with control characters replaced by `?`: names come from
/// guests and clients, and a terminal obeys what it is sent.
std::string for_terminal(std::string_view text);

/// Returns a duration for people: three digits at most before the unit, one
/// after the point, such as `1.5ms`, `40s`, `2h`.
std::string short_duration(std::chrono::nanoseconds duration);

} // namespace fsshare::ctl
