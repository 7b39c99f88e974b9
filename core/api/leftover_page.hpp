// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

/// Part of the leftovers of a sandbox, in the order of their paths, each path
/// once.
struct leftover_page {
  std::vector<path_reason> listed;
  /// How many more come behind it.
  std::uint64_t more = 0;
};

/// Returns the leftovers that come behind a path, as many as `most`. Paths are
/// compared and listed as UTF-8, as callers see them. Takes n log n comparisons
/// for n leftovers and copies no others than it lists.
/// @param after Of the page before; empty for the first.
leftover_page page_behind(const std::vector<path_reason>& all,
                          const std::string& after, std::size_t most);

} // namespace fsshare
