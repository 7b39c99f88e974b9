// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <optional>
#include <string>

namespace fsshare {

/// A process that has a directory, or something below it, open.
struct directory_user {
  int pid = 0;
  /// Of at most 15 bytes (proc(5)).
  std::string name;
};

/// Looks for another process whose root or working directory is `dir`, whatever
/// its mount namespace, or that has something open at or below it in this one.
/// Finds those whose descriptors may be looked at: with root's privileges, all.
/// @param fd `dir`, opened with O_PATH.
/// @param dir Free of links.
result<std::optional<directory_user>> find_user_of(int fd,
                                                   const std::string& dir);

} // namespace fsshare
