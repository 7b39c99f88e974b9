// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace fsshare {

/// What a name stands for.
struct file_look {
  /// errno, 0 for none.
  int failure = 0;
  /// st_mode.
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// Bytes.
  std::uint64_t size = 0;
  /// Bytes that its filesystem says it takes.
  std::uint64_t stored = 0;
  /// Names that a file has.
  std::uint64_t links = 1;
  /// As st_dev of stat(2).
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  /// Whether a mount was made there, or the name is that of its root.
  bool is_mount_root = false;
};

/// Looks at a name; automounters are not woken. Where statx(2) cannot be used,
/// the older way is taken.
/// @param flags AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH or neither.
file_look look(int dir, const char* name, int flags);

/// The older way: fstatat(2), and mounts told by mnt_id of proc(5). A server is
/// always asked.
file_look look_by_stat(int dir, const char* name, int flags);

/// The same as look() with what is known without asking a server that may not
/// answer.
file_look look_without_asking(int dir, const char* name, int flags);

/// Has an automounter mount at `path`, which O_PATH alone does not (statx(2),
/// open(2)). What fails here will fail for who opens it.
void wake_automounter(const std::string& path);

} // namespace fsshare
