// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>

namespace fsshare {

/// Where a page of volumes ends: behind a destination, by the number of its
/// orders, which is given out once; 0 is before the first.
struct volume_cursor {
  std::string path;
  std::uint64_t order = 0;

  friend bool operator==(const volume_cursor&, const volume_cursor&) = default;
};

/// Returns it as text, for callers to hand back.
std::string to_string(const volume_cursor& at);

/// Empty is before the first.
/// @returns `errc::invalid_argument` for what to_string() has not made.
result<volume_cursor> parse_volume_cursor(const std::string& text);

} // namespace fsshare
