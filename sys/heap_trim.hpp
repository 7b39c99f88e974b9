// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/io_loop.hpp"

namespace fsshare {

/// Gives memory that is free back to the system after a burst: what glibc keeps
/// of its heaps (malloc_trim(3)). Looks every ten seconds, and does something
/// only where the process has grown by 16 MiB since it last did.
/// @param loop Its thread does the work, some milliseconds for a hundred MiB.
///        Ends with the loop.
void trim_heap_after_bursts(io_loop& loop);

} // namespace fsshare
