// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fsshare {

/// Returns whether any of the directories lies on an EROFS filesystem
/// (statfs(2)). Those that cannot be looked at count as not.
bool any_on_erofs(const std::vector<std::string>& dirs);

/// Returns whether an open file (O_PATH will do) lies on a filesystem that
/// shows the kernel's own state instead of somebody's files, such as proc(5),
/// sysfs(5) and cgroups(7); autofs(5) too, which mounts what is looked at.
bool is_on_kernel_file_system(int fd);

} // namespace fsshare
