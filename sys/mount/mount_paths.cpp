// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_paths.hpp"

#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/mount/mount_paths_open.hpp"
#include "sys/tree/file_look.hpp"
#include "sys/tree/small_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

constexpr int path_only = O_PATH | O_CLOEXEC | O_NOFOLLOW;
constexpr int directory_only = path_only | O_DIRECTORY;
constexpr mode_t root_mode = 0755;
constexpr mode_t placeholder_mode = 0644;
constexpr mode_t mark_mode = 0600;

status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const auto put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return errno_error(errno, "write", path);
    text.remove_prefix(static_cast<size_t>(put));
  }
  if (::fsync(fd) != 0)
    return errno_error(errno, "fsync", path);
  return unit{};
}

} // namespace

error open_error(int number, const std::string& path) {
  if (number == ELOOP)
    return refused("open " + path + ": a symbolic link is in the way");
  if (number == EXDEV)
    return refused("open " + path + ": a mount is in the way");
  return errno_error(number, "open", path);
}

looked_up look_at(int dir, const std::string& name) {
  const auto seen = look_without_asking(dir, name.c_str(), AT_SYMLINK_NOFOLLOW);
  return {seen.failure, seen.is_mount_root, S_ISDIR(seen.mode),
          S_ISREG(seen.mode), seen.size};
}

looked_up look_beneath(int dir, const std::string& name) {
  if (!open_beneath(dir, name, O_PATH, mount_crossing::skip) && errno == EXDEV)
    return {0, true, false, false, 0};
  return look_at(dir, name);
}

share_tree::share_tree(const held_root& root, const share_layout& layout,
                       std::optional<mount_identity> mounts_dir,
                       bounded_calls& calls)
  : root_(root), calls_(calls), known_mounts_dir_(mounts_dir),
    root_path_(root.path()), sandbox_dir_(layout.sandbox_dir()),
    mounts_dir_(layout.mounts_dir()), shared_dir_(layout.shared_dir()),
    staging_dir_(layout.staging_dir()) {
}

std::string_view share_tree::sandbox_name() const {
  return base_name(sandbox_dir_);
}

result<unique_fd> share_tree::open_below(const std::string& path, int flags,
                                         mount_crossing mounts) const {
  std::string relative;
  if (is_below(path, root_path_))
    relative = path.substr(root_path_.size() + (root_path_ == "/" ? 0 : 1));
  else if (path != root_path_)
    return error{errc::invalid_argument,
                 path + " does not lie below " + root_path_};
  auto fd = open_beneath(root_.fd(), relative, flags, mounts);
  if (!fd)
    return open_error(errno, path);
  return fd;
}

result<unique_fd> share_tree::open_parent(const std::string& path,
                                          mount_crossing mounts) const {
  return open_below(std::string{parent_path(path)}, directory_only, mounts);
}

// Opens mounts/, which is bound onto itself. A mount of something else over it
// shows another directory, and one over the sandbox's directory none at all.
result<unique_fd> share_tree::open_mounts_dir() const {
  auto sandbox = open_below(sandbox_dir_, directory_only, mount_crossing::skip);
  if (!sandbox)
    return sandbox;
  auto mounts = open_below(mounts_dir_, directory_only, mount_crossing::cross);
  if (!mounts)
    return mounts;
  const auto outside = identify(sandbox->get(), sandbox_dir_);
  if (!outside)
    return outside.err();
  const auto inside = identify(mounts->get(), mounts_dir_);
  if (!inside)
    return inside.err();
  if (outside->device != inside->device
      || (known_mounts_dir_ && !inside->is_same_file(*known_mounts_dir_)))
    return refused("open " + mounts_dir_ + ": a mount is in the way");
  return mounts;
}

result<mount_identity> share_tree::identify_mounts_dir() const {
  const auto mounts = open_mounts_dir();
  if (!mounts)
    return mounts.err();
  return identify(mounts->get(), mounts_dir_);
}

result<unique_fd> share_tree::open_own_parent(const std::string& path) const {
  if (!is_below(path, mounts_dir_))
    return open_parent(path, mount_crossing::skip);
  auto mounts = open_mounts_dir();
  // Where Prepare made it and it is not found, its mounts are elsewhere.
  if (!mounts && mounts.err().code == errc::not_found && known_mounts_dir_)
    return refused(mounts.err().message + ", where it was made");
  const auto dir = parent_path(path);
  if (!mounts || dir == mounts_dir_)
    return mounts;
  auto parent = open_beneath(mounts->get(),
                             std::string{dir.substr(mounts_dir_.size() + 1)},
                             directory_only, mount_crossing::skip);
  if (!parent)
    return open_error(errno, std::string{dir});
  return parent;
}

result<unique_fd>
share_tree::open_parent_to_fill(const std::string& path) const {
  // Classic mounts are made in a private mount of the staging directory.
  if (is_below(path, staging_dir_))
    return open_parent(path, mount_crossing::cross);
  return open_own_parent(path);
}

result<unique_fd> share_tree::open_path(const std::string& path) const {
  return open_below(path, path_only, mount_crossing::cross);
}

result<bool> share_tree::make_directory(const std::string& path,
                                        std::uint32_t mode) const {
  const auto parent = open_parent_to_fill(path);
  if (!parent)
    return parent.err();
  const std::string name{base_name(path)};
  if (::mkdirat(parent->get(), name.c_str(), mode) == 0)
    return true;
  const auto failure = errno;
  if (failure == EEXIST && look_at(parent->get(), name).is_directory)
    return false;
  return errno_error(failure, "mkdir", path);
}

status share_tree::make_empty_file(const std::string& path) const {
  const auto parent = open_parent_to_fill(path);
  if (!parent)
    return parent.err();
  const std::string name{base_name(path)};
  if (::mknodat(parent->get(), name.c_str(), S_IFREG | placeholder_mode, 0)
      != 0)
    return errno_error(errno, "create", path);
  return unit{};
}

status share_tree::write_new_file(const std::string& path,
                                  std::string_view text) const {
  const auto parent = open_parent(path, mount_crossing::cross);
  if (!parent)
    return parent.err();
  const std::string name{base_name(path)};
  const unique_fd fd{::openat(parent->get(), name.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                              mark_mode)};
  if (!fd)
    return errno_error(errno, "create", path);
  auto written = write_all(fd.get(), text, path);
  if (!written)
    ::unlinkat(parent->get(), name.c_str(), 0);
  return written;
}

result<std::string> share_tree::read_small_file(const std::string& path) const {
  const auto fd = open_below(
    path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mount_crossing::skip);
  if (!fd)
    return fd.err();
  return fsshare::read_small_file(fd->get(), path);
}

status make_share_root(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto dir = path.substr(0, end);
    if (::mkdir(dir.c_str(), root_mode) != 0 && errno != EEXIST)
      return errno_error(errno, "mkdir", dir);
    if (end == std::string::npos)
      break;
  }
  const unique_fd root{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!root)
    return errno_error(errno, "open", path);
  return unit{};
}

} // namespace fsshare
