// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

namespace fsshare {

/// Starts `count` threads at once and ends them, so that a limit of tasks shows
/// where it can be reported: a library whose constructor finds no thread for
/// its second ends the process.
/// @returns `errc::resource_exhausted` naming the limits and the counts.
status check_thread_room(unsigned count);

} // namespace fsshare
