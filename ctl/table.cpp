// SPDX-License-Identifier: Apache-2.0
#include "ctl/table.hpp"

#include "core/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace fsshare::ctl {

namespace {

constexpr std::string_view gap = "  ";

/// Returns the number of characters, not bytes: UTF-8 goes on with 10xxxxxx.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string padded(const std::string& text, std::size_t to) {
  const auto has = width(text);
  return has < to ? text + std::string(to - has, ' ') : text;
}

void end_line(std::string& out) {
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

} // namespace

table::table(std::vector<std::string> titles) {
  rows_.push_back(std::move(titles));
}

void table::add(std::vector<std::string> row) {
  for (auto& cell : row)
    cell = cell.empty() ? "-" : for_terminal(cell);
  rows_.push_back(std::move(row));
}

std::string table::text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i]));
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      out.append(i == 0 ? "" : gap).append(padded(row[i], widths[i]));
    end_line(out);
  }
  return out;
}

std::string
name_lines(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::size_t longest = 0;
  for (const auto& line : lines)
    longest = std::max(longest, line.first.size());
  std::string out;
  for (const auto& line : lines) {
    out.append(padded(line.first + ":", longest + 1))
      .append(" ")
      .append(line.second.empty() ? "-" : for_terminal(line.second));
    end_line(out);
  }
  return out;
}

std::string for_terminal(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto control = control_length(text);
    if (control > 0)
      out += '?';
    else
      out += text.front();
    text.remove_prefix(std::max<std::size_t>(control, 1));
  }
  return out;
}

std::string short_duration(std::chrono::nanoseconds duration) {
  struct unit {
    const char* name;
    std::int64_t ns;
  };
  static constexpr std::array<unit, 5> units{{{"h", 3'600'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000}}};
  const auto ns = duration.count();
  for (const auto& each : units) {
    if (ns < each.ns)
      continue;
    const auto tenths = ns / (each.ns / 10);
    const auto tenth = tenths % 10;
    return std::to_string(tenths / 10)
           + (tenth == 0 ? "" : "." + std::to_string(tenth)) + each.name;
  }
  return ns == 0 ? "0s" : std::to_string(ns) + "ns";
}

} // namespace fsshare::ctl
