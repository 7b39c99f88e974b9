// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/file_system_type.hpp"

#include <algorithm>
#include <array>

#include <linux/magic.h>
#include <sys/vfs.h>

namespace fsshare {

namespace {

// EROFS_SUPER_MAGIC_V1 of linux/magic.h.
constexpr unsigned long erofs_magic = 0xe0f5e1e2;

// Those that linux/magic.h lacks are in fs/configfs/mount.c, fs/fuse/control.c
// and ipc/mqueue.c of the kernel.
constexpr std::array<unsigned long, 21> kernel_magics{
  PROC_SUPER_MAGIC,     SYSFS_MAGIC,        CGROUP_SUPER_MAGIC,
  CGROUP2_SUPER_MAGIC,  DEBUGFS_MAGIC,      TRACEFS_MAGIC,
  SECURITYFS_MAGIC,     SELINUX_MAGIC,      SMACK_MAGIC,
  BPF_FS_MAGIC,         PSTOREFS_MAGIC,     EFIVARFS_MAGIC,
  BINFMTFS_MAGIC,       DEVPTS_SUPER_MAGIC, NSFS_MAGIC,
  RDTGROUP_SUPER_MAGIC, AUTOFS_SUPER_MAGIC, HUGETLBFS_MAGIC,
  0x62656570,           0x65735543,         0x19800202,
};

} // namespace

bool any_on_erofs(const std::vector<std::string>& dirs) {
  return std::any_of(dirs.begin(), dirs.end(), [](const auto& dir) {
    struct statfs found {};
    return ::statfs(dir.c_str(), &found) == 0
           && static_cast<unsigned long>(found.f_type) == erofs_magic;
  });
}

bool is_on_kernel_file_system(int fd) {
  struct statfs found {};
  return ::fstatfs(fd, &found) == 0
         && std::find(kernel_magics.begin(), kernel_magics.end(),
                      static_cast<unsigned long>(found.f_type))
              != kernel_magics.end();
}

} // namespace fsshare
