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

/// Mounts a directory or file at another place, with such attributes.
void attach(const std::string& from, const std::string& target,
            mount_attr attributes) {
  const unique_fd tree{check(
    ::open_tree(AT_FDCWD, from.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
    "open_tree " + from)};
  check(::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes,
                        sizeof attributes),
        "mount_setattr " + from);
  check(::move_mount(tree.get(), "", AT_FDCWD, target.c_str(),
                     MOVE_MOUNT_F_EMPTY_PATH),
        "move_mount " + target);
}

void unmount(const std::string& target) {
  check(::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW),
        "unmount " + target);
}

void make_dir(const std::string& path) {
  check(::mkdir(path.c_str(), 0700), "mkdir " + path);
}

void remove_dir(const std::string& path) {
  check(::rmdir(path.c_str()), "rmdir " + path);
}

} // namespace

void bind_bare(const std::vector<std::string>& files, const std::string& dir) {
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  for (const auto& file : files) {
    const auto target = join(dir, base_name(file));
    check(::mknod(target.c_str(), S_IFREG | 0600, 0), "make " + target);
    attach(file, target, read_only);
  }
}

void unbind_bare(const std::vector<std::string>& files,
                 const std::string& dir) {
  for (const auto& file : files) {
    const auto target = join(dir, base_name(file));
    unmount(target);
    check(::unlink(target.c_str()), "unlink " + target);
  }
}

void make_bare_sandbox(const std::string& dir) {
  const auto mounts = join(dir, "mounts");
  const auto shared = join(dir, "shared");
  for (const auto& made : {dir, mounts, shared})
    make_dir(made);
  mount_attr passes_on{};
  passes_on.propagation = MS_SHARED;
  attach(mounts, mounts, passes_on);
  mount_attr follows{};
  follows.propagation = MS_SLAVE;
  follows.attr_set = MOUNT_ATTR_RDONLY;
  attach(mounts, shared, follows);
}

void remove_bare_sandbox(const std::string& dir) {
  const auto mounts = join(dir, "mounts");
  const auto shared = join(dir, "shared");
  for (const auto& mounted : {shared, mounts})
    unmount(mounted);
  for (const auto& made : {shared, mounts, dir})
    remove_dir(made);
}

} // namespace fsshare::bench
