// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// Newer system calls that have an older way, and whether this process may use
/// them: an old kernel lacks them (ENOSYS), and a seccomp filter that does not
/// know them denies them, often with EPERM.
struct kernel_calls {
  /// With RESOLVE_BENEATH (Linux 5.6); otherwise paths are walked component by
  /// component.
  bool openat2 = false;
  /// With STATX_ATTR_MOUNT_ROOT (Linux 5.8); otherwise stat(2) and proc(5).
  bool statx = false;
  /// Which of open_tree(2), mount_setattr(2) and move_mount(2) (Linux 5.12)
  /// cannot be used, the first of them; empty for none. Otherwise mount(2).
  std::string lacking_mount_call = {};

  /// Returns the names of those that cannot be used.
  std::vector<std::string> missing() const;
};

/// Tries each of them once, the first time, with arguments that change nothing.
const kernel_calls& available_calls();

/// Tries the calls that nothing can stand in for. To be called before any
/// thread is made: one of them makes threads.
/// @returns `errc::unimplemented` with a sentence that names the first one that
///          is lacking or denied.
status check_needed_calls();

} // namespace fsshare
