// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/file_look.hpp"

#include "sys/mount_identity.hpp"
#include "sys/process/kernel_calls.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace fsshare {

namespace {

// Of st_blocks and stx_blocks, whatever the filesystem's blocks are.
constexpr std::uint64_t block_bytes = 512;

// The mount of a name is another than that of its directory.
bool is_other_mount(int dir, const char* name) {
  if (*name == '\0')
    return false;
  const unique_fd there{::openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  if (!there)
    return false;
  // openat() takes AT_FDCWD, which has no fdinfo.
  const unique_fd here{::openat(dir, ".", O_PATH | O_CLOEXEC)};
  if (!here)
    return false;
  const auto outside = mount_of(here.get(), name);
  const auto inside = mount_of(there.get(), name);
  return outside && inside && *outside != *inside;
}

file_look look_with_statx(int dir, const char* name, int flags) {
  struct statx info {};
  if (::statx(dir, name, flags, STATX_BASIC_STATS, &info) != 0)
    return {errno};
  file_look seen;
  seen.mode = info.stx_mode;
  seen.uid = info.stx_uid;
  seen.gid = info.stx_gid;
  seen.size = info.stx_size;
  seen.stored = info.stx_blocks * block_bytes;
  seen.links = info.stx_nlink;
  seen.device = makedev(info.stx_dev_major, info.stx_dev_minor);
  seen.inode = info.stx_ino;
  seen.is_mount_root = (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  return seen;
}

file_look look_with(int dir, const char* name, int flags) {
  if (available_calls().statx)
    return look_with_statx(dir, name, flags | AT_NO_AUTOMOUNT);
  return look_by_stat(dir, name, flags);
}

} // namespace

file_look look_by_stat(int dir, const char* name, int flags) {
  struct stat info {};
  if (::fstatat(dir, name, &info, flags | AT_NO_AUTOMOUNT) != 0)
    return {errno};
  file_look seen;
  seen.mode = info.st_mode;
  seen.uid = info.st_uid;
  seen.gid = info.st_gid;
  seen.size = static_cast<std::uint64_t>(info.st_size);
  seen.stored = static_cast<std::uint64_t>(info.st_blocks) * block_bytes;
  seen.links = info.st_nlink;
  seen.device = info.st_dev;
  seen.inode = info.st_ino;
  seen.is_mount_root = is_other_mount(dir, name);
  return seen;
}

file_look look(int dir, const char* name, int flags) {
  return look_with(dir, name, flags);
}

file_look look_without_asking(int dir, const char* name, int flags) {
  return look_with(dir, name, flags | AT_STATX_DONT_SYNC);
}

void wake_automounter(const std::string& path) {
  if (available_calls().statx) {
    struct statx ignored {};
    ::statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, 0, &ignored);
  } else {
    const unique_fd opened{
      ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  }
}

} // namespace fsshare
