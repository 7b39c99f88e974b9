// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string_view>

namespace fsshare {

/// What tells one directory or file, as seen through one mount, from every
/// other, whatever path leads to it. Numbers of what is gone may be given out
/// again.
struct mount_identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  /// As in the first column of mountinfo.
  std::uint64_t mount = 0;

  /// Returns whether both are the same directory or file, seen through
  /// whatever mount.
  bool is_same_file(const mount_identity& other) const {
    return device == other.device && inode == other.inode;
  }
  friend bool operator==(const mount_identity&, const mount_identity&)
    = default;
};

/// Returns which mount a descriptor was opened through. Needs /proc, and no
/// newer system call (proc(5), `mnt_id` of fdinfo, Linux 3.15).
/// @param shown Names it in the sentence of an error.
result<std::uint64_t> mount_of(int fd, std::string_view shown);

/// Identifies what a descriptor has open; O_PATH is enough. Its filesystem is
/// not asked, and need not answer, where the kernel has statx(2).
/// @param shown Names it in the sentence of an error.
result<mount_identity> identify(int fd, std::string_view shown);

} // namespace fsshare
