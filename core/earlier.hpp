// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>

namespace fsshare {

/// Returns the earlier of two times that may not be set; nothing if neither is.
template <class Time>
std::optional<Time> earlier(const std::optional<Time>& x,
                            const std::optional<Time>& y) {
  if (x && y)
    return std::min(*x, *y);
  return x ? x : y;
}

} // namespace fsshare
