// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/bare_binds.hpp"

#include "core/paths.hpp"
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace fsshare::bench {

namespace {

int check(int got, const std::string& what) {
  if (got < 0)
    throw std::system_error{errno, std::generic_category(), what};
  return got;
}

} // namespace

void bind_bare(const std::vector<std::string>& files, const std::string& dir) {
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  for (const auto& file : files) {
    const auto target = join(dir, base_name(file));
    check(::mknod(target.c_str(), S_IFREG | 0600, 0), "make " + target);
    const unique_fd tree{check(
      ::open_tree(AT_FDCWD, file.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
      "open_tree " + file)};
    check(::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &read_only,
                          sizeof read_only),
          "mount_setattr " + file);
    check(::move_mount(tree.get(), "", AT_FDCWD, target.c_str(),
                       MOVE_MOUNT_F_EMPTY_PATH),
          "move_mount " + target);
  }
}

void unbind_bare(const std::vector<std::string>& files,
                 const std::string& dir) {
  for (const auto& file : files) {
    const auto target = join(dir, base_name(file));
    check(::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW),
          "unmount " + target);
    check(::unlink(target.c_str()), "unlink " + target);
  }
}

} // namespace fsshare::bench
