// SPDX-License-Identifier: Apache-2.0
#include "core/text/duration_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace fsshare {

namespace {

struct duration_unit {
  std::string_view name;
  std::int64_t ns;
};

constexpr std::array<duration_unit, 6> units{{
  {"h", 3'600'000'000'000},
  {"m", 60'000'000'000},
  {"s", 1'000'000'000},
  {"ms", 1'000'000},
  {"us", 1'000},
  {"ns", 1},
}};

constexpr std::size_t index_of_seconds = 2;

error refused(std::string_view text) {
  return {errc::invalid_argument,
          "duration '" + std::string{text}
            + "' is not a whole number with a unit (ns, us, ms, s, m, h), such "
              "as 30s"};
}

} // namespace

result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos)
    return refused(text);
  std::int64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + digits, count);
  if (parsed.ec != std::errc{})
    return refused(text);
  for (const auto& unit : units) {
    if (unit.name != text.substr(digits))
      continue;
    if (count > std::numeric_limits<std::int64_t>::max() / unit.ns)
      return refused(text);
    return std::chrono::nanoseconds{count * unit.ns};
  }
  return refused(text);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  if (duration.count() == 0)
    return "0s";
  for (auto i = index_of_seconds; i + 1 < units.size(); ++i)
    if (duration.count() % units[i].ns == 0)
      return std::to_string(duration.count() / units[i].ns)
             + std::string{units[i].name};
  return std::to_string(duration.count()) + "ns";
}

} // namespace fsshare
