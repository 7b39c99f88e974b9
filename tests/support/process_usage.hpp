// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace fsshare::test {

/// What a running process holds, as /proc tells.
struct process_usage {
  /// Resident memory.
  std::size_t rss_kib = 0;
  std::size_t descriptors = 0;
  /// Inotify watches, over all its instances.
  std::size_t watches = 0;
  std::size_t threads = 0;
};

/// Reads it; throws if there is no such process.
process_usage usage_of(int pid);

/// Reads it once the number of descriptors has been the same for a while:
/// connections end a moment later than the clients that had them.
process_usage usage_at_rest(int pid);

} // namespace fsshare::test
