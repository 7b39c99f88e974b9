// SPDX-License-Identifier: Apache-2.0
#include "core/net/trace_parent.hpp"

#include <algorithm>

namespace fsshare {

namespace {

// VERSION-TRACE-PARENT-FLAGS
constexpr std::size_t version_digits = 2;
constexpr std::size_t trace_digits = 32;
constexpr std::size_t parent_digits = 16;
constexpr std::size_t flags_digits = 2;

/// Takes so many digits; nothing where they are no lower-case hexadecimal ones.
std::string_view take_hex(std::string_view& from, std::size_t count) {
  const auto taken = from.substr(0, count);
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  };
  if (taken.size() != count || !std::all_of(taken.begin(), taken.end(), is_hex))
    return {};
  from.remove_prefix(count);
  return taken;
}

bool take_dash(std::string_view& from) {
  if (!from.starts_with('-'))
    return false;
  from.remove_prefix(1);
  return true;
}

bool is_zero(std::string_view digits) {
  return std::all_of(digits.begin(), digits.end(), [](char c) {
    return c == '0';
  });
}

} // namespace

std::string trace_id_of(std::string_view trace_parent) {
  if (trace_parent.size() > most_trace_parent_bytes)
    return {};
  auto rest = trace_parent;
  const auto version = take_hex(rest, version_digits);
  if (version.empty() || version == "ff" || !take_dash(rest))
    return {};
  const auto trace = take_hex(rest, trace_digits);
  if (trace.empty() || is_zero(trace) || !take_dash(rest))
    return {};
  const auto parent = take_hex(rest, parent_digits);
  if (parent.empty() || is_zero(parent) || !take_dash(rest)
      || take_hex(rest, flags_digits).empty())
    return {};
  // Later versions may have more behind another dash.
  if (!rest.empty() && (version == "00" || rest.front() != '-'))
    return {};
  return std::string{trace};
}

} // namespace fsshare
