// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fsshare {

/// How many volumes and destinations there are, and how they are.
struct volume_counts {
  std::size_t watched = 0;
  std::size_t polled = 0;
  std::size_t missing = 0;
  /// Nobody knows what they have.
  std::size_t unread = 0;
  std::size_t current = 0;
  std::size_t stale = 0;
  /// Destinations whose first copy is not whole.
  std::size_t first = 0;
  /// Of the destination that has been stale for longest.
  std::chrono::nanoseconds longest_stale{0};
  /// Entries that copies have not.
  std::uint64_t skipped = 0;
};

} // namespace fsshare
