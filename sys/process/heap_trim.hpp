// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"
#include "sys/net/io_loop.hpp"

#include <chrono>

namespace fsshare {

/// Gives memory that is free back to the system after a burst: what glibc keeps
/// of its heaps (malloc_trim(3)). Does something only where the process has 16
/// MiB more than it once had: at the next look after it has grown, and again,
/// ever more rarely, while it has.
/// @param loop Its thread does the work, some milliseconds for a hundred MiB.
///        Ends with the loop.
/// @param interval How often to look.
void trim_heap_after_bursts(io_loop& loop, std::chrono::nanoseconds interval
                                           = pacing::heap_look);

} // namespace fsshare
