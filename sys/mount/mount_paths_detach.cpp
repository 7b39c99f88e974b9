// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/mount/mount_paths.hpp"
#include "sys/mount/mount_paths_open.hpp"
#include "sys/mount/share_alias.hpp"
#include "sys/mount_identity.hpp"
#include "sys/process/bounded_calls.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>

namespace fsshare {

namespace {

// More than anybody stacks on one mount point by hand.
constexpr int max_stacked_mounts = 64;

// umount2(2) takes no descriptor; a magic link before the last component stands
// in, and UMOUNT_NOFOLLOW is about the last one only.
std::string place_in(const unique_fd& parent, const std::string& path) {
  return "/proc/self/fd/" + std::to_string(parent.get()) + "/"
         + std::string{base_name(path)};
}

status make_private(const unique_fd& mount, const std::string& path,
                    bounded_calls& calls) {
  const auto id = mount_of(mount.get(), path);
  if (!id)
    return id.err();
  return calls.run<unit>(
    "mount " + std::to_string(*id), "make private " + path,
    [own = own_copy(mount.get()), path]() -> status {
      const auto place = "/proc/self/fd/" + std::to_string(own->get());
      if (::mount(nullptr, place.c_str(), nullptr, MS_PRIVATE | MS_REC, nullptr)
          != 0)
        return errno_error(errno, "make private", path);
      return unit{};
    });
}

} // namespace

// What a mount(2) that was interrupted left in the staging directory can still
// be in the peer group of its source: unmounting what is below it there would
// unmount it below the source, too.
status share_tree::close_off(const std::string& path) const {
  const auto top = open_path(path);
  if (!top)
    return top.err();
  return make_private(*top, path, calls_);
}

result<unique_fd> share_tree::open_foreign(const std::string& path) const {
  if (!is_below(path, root_path_))
    return open_path(path);
  const auto below
    = path.substr(root_path_.size() + (root_path_ == "/" ? 0 : 1));
  if (auto known = open_cached(root_.fd(), below, O_PATH))
    return known;
  // A sandbox is one key: its mounts are often of one server.
  auto opened = calls_.run<owned_fd>(
    sandbox_dir_, "open " + path,
    [from = own_copy(root_.fd()), below, path]() -> result<owned_fd> {
      auto fd = open_beneath(from->get(), below, O_PATH, mount_crossing::cross);
      if (!fd)
        return open_error(errno, path);
      return std::make_shared<const unique_fd>(std::move(fd));
    });
  if (!opened)
    return opened.err();
  return unique_fd{::fcntl((*opened)->get(), F_DUPFD_CLOEXEC, 0)};
}

// Takes one mount out of its peer group, with what is below it.
// @returns false where another one lies on it, which is unmounted instead.
result<bool> share_tree::release_one(const mounted_entry& mount) const {
  const auto real = real_path(root_.fd(), root_path_);
  if (!real)
    return real.err();
  if (!is_below(mount.mount_point, *real))
    return refused("somebody's mount is there, at " + mount.mount_point);
  const auto path = join(
    root_path_, mount.mount_point.substr(*real == "/" ? 1 : real->size() + 1));
  const auto top = open_foreign(path);
  if (!top)
    return top.err();
  const auto id = mount_of(top->get(), path);
  if (!id)
    return id.err();
  if (auto closed = make_private(*top, path, calls_); !closed)
    return closed.err();
  if (*id == mount.id)
    return true;
  const auto parent = open_parent(path, mount_crossing::cross);
  if (!parent)
    return parent.err();
  if (::umount2(place_in(*parent, path).c_str(), MNT_DETACH | UMOUNT_NOFOLLOW)
      != 0)
    return errno_error(errno, "umount", path);
  return false;
}

// Unmounting reaches the peers of each mount that something is unmounted from.
// So what somebody else bound here together with mounts below it, and left in
// its original's peer group, leaves that group first.
status share_tree::release_foreign(const unique_fd& parent,
                                   const std::string& path) const {
  for (int i = 0; i < max_stacked_mounts; ++i) {
    const auto foreign
      = foreign_mounts_at(parent.get(), base_name(path), *this);
    if (!foreign)
      return foreign.err();
    bool all = true;
    for (const auto& mount : *foreign) {
      const auto released = release_one(mount);
      if (!released)
        return refused("somebody's mount at " + mount.mount_point
                       + " cannot leave its peer group: "
                       + released.err().message);
      all = *released;
      if (!all)
        break;
    }
    if (all)
      return unit{};
  }
  return refused("umount " + path + ": too many mounts on top of each other");
}

// Nothing looks at what is mounted before it is known to be a mount of somebody
// else: a dead server would not answer.
result<bool> share_tree::unmount_top(const unique_fd& parent,
                                     const std::string& path) const {
  const auto place = place_in(parent, path);
  // With nothing below it, and nobody using it, there is nothing to release.
  if (::umount2(place.c_str(), UMOUNT_NOFOLLOW) == 0)
    return true;
  if (errno == ENOENT)
    return false;
  if (errno == EINVAL) {
    const auto seen = look_beneath(parent.get(), std::string{base_name(path)});
    if (seen.failure == ENOENT || (seen.failure == 0 && !seen.is_mount_point))
      return false;
    return errno_error(EINVAL, "umount", path);
  }
  if (errno != EBUSY)
    return errno_error(errno, "umount", path);
  const auto released
    = path == staging_dir_ ? close_off(path) : release_foreign(parent, path);
  if (!released)
    return released.err();
  if (::umount2(place.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
    return errno_error(errno, "umount", path);
  return true;
}

result<bool> share_tree::detach(const std::string& path) const {
  // What is staged lies below its source's directories, and is private.
  const auto parent = is_below(path, staging_dir_)
                        ? open_parent(path, mount_crossing::cross)
                        : open_own_parent(path);
  if (!parent && parent.err().code == errc::not_found)
    return false;
  if (!parent)
    return parent.err();
  bool changed = false;
  for (int i = 0; i < max_stacked_mounts; ++i) {
    const auto gone = unmount_top(*parent, path);
    if (!gone || !*gone)
      return gone ? result<bool>{changed} : gone;
    changed = true;
  }
  return refused("umount " + path + ": too many mounts on top of each other");
}

result<unique_fd> share_tree::detach_inside(const std::string& share,
                                            const std::string& path,
                                            std::uint64_t mount) const {
  const auto top = open_path(share);
  if (!top)
    return top.err();
  const auto dir = parent_path(path);
  const auto parent = open_cached(
    top->get(),
    dir == share ? std::string{} : std::string{dir.substr(share.size() + 1)},
    O_PATH | O_DIRECTORY);
  if (!parent)
    return open_error(errno, std::string{dir});
  auto root = open_cached(parent.get(), std::string{base_name(path)}, O_PATH);
  if (!root)
    return open_error(errno, path);
  const auto on = mount_of(root.get(), path);
  if (!on)
    return on.err();
  if (*on != mount)
    return refused("umount " + path + ": another mount lies on it");
  // It is open, so that this is lazy, and what somebody bound below it is
  // released first.
  const auto gone = unmount_top(parent, path);
  if (!gone)
    return gone.err();
  return root;
}

} // namespace fsshare
