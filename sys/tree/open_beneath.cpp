// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/open_beneath.hpp"

#include "core/pacing.hpp"
#include "sys/errno_error.hpp"
#include "sys/mount_identity.hpp"
#include "sys/process/kernel_calls.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

// RESOLVE_CACHED of linux/openat2.h, which older headers lack.
constexpr std::uint64_t resolve_cached = 0x20;

unique_fd open_at_once(int base, const std::string& path, int flags,
                       mount_crossing mounts) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  if (mounts == mount_crossing::skip)
    how.resolve |= RESOLVE_NO_XDEV;
  // glibc 2.36 has no wrapper.
  return unique_fd{static_cast<int>(
    syscall(SYS_openat2, base, path.c_str(), &how, sizeof how))};
}

unique_fd fail_with(int number) {
  errno = number;
  return {};
}

bool is_link(int dir, const std::string& name) {
  struct stat info {};
  return ::fstatat(dir, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0
         && S_ISLNK(info.st_mode);
}

// Opens one name; EXDEV on another mount than `mount`, unless that is 0.
unique_fd open_name(int dir, const std::string& name, int flags,
                    std::uint64_t mount) {
  unique_fd opened{::openat(dir, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC)};
  if (!opened)
    return opened;
  if (mount == 0)
    return opened;
  const auto on = mount_of(opened.get(), name);
  return on && *on == mount ? std::move(opened) : fail_with(EXDEV);
}

} // namespace

unique_fd open_by_steps(int base, const std::string& path, int flags,
                        mount_crossing mounts) {
  std::uint64_t mount = 0;
  if (mounts == mount_crossing::skip) {
    const auto on = mount_of(base, path);
    if (!on)
      return fail_with(EXDEV);
    mount = *on;
  }
  if (path.starts_with('/'))
    return fail_with(EXDEV);
  unique_fd dir;
  std::string_view rest{path};
  for (;;) {
    const auto end = rest.find('/');
    const std::string name{rest.substr(0, end)};
    const int from = dir ? dir.get() : base;
    if (name == "..")
      return fail_with(EXDEV);
    if (end == std::string_view::npos) {
      // What is not to be crossed is not to be opened either.
      if (mount != 0)
        if (const auto seen = open_name(from, name, O_PATH, mount); !seen)
          return fail_with(errno);
      return open_name(from, name, flags, mount);
    }
    auto next = open_name(from, name, O_PATH | O_DIRECTORY, mount);
    if (!next)
      return fail_with(errno == ENOTDIR && is_link(from, name) ? ELOOP : errno);
    dir = std::move(next);
    rest.remove_prefix(end + 1);
  }
}

unique_fd open_beneath(int base, const std::string& path, int flags,
                       mount_crossing mounts) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  // openat2(2) refuses flags that mean nothing together with O_PATH.
  if ((flags & O_PATH) == 0)
    flags |= O_NONBLOCK | O_NOCTTY;
  const auto way = available_calls().openat2 ? open_at_once : open_by_steps;
  return way(base, path.empty() ? "." : path, flags, mounts);
}

unique_fd open_cached(int base, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
                | resolve_cached;
  const std::string shown = path.empty() ? "." : path;
  // Other mounts that come and go are in the way of a look at the cache.
  for (int i = 0; i < pacing::most_cache_looks && available_calls().openat2;
       ++i) {
    unique_fd opened{static_cast<int>(
      syscall(SYS_openat2, base, shown.c_str(), &how, sizeof how))};
    if (opened || (errno != EAGAIN && errno != EINVAL))
      return opened;
    if (errno == EINVAL)
      return open_beneath(base, path, flags, mount_crossing::cross);
  }
  if (available_calls().openat2)
    return fail_with(EAGAIN);
  return open_beneath(base, path, flags, mount_crossing::cross);
}

result<std::string> real_path(int fd, std::string_view shown) {
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  // The kernel tells no longer ones (PATH_MAX of linux/limits.h).
  std::string path(4096, '\0');
  const auto length = ::readlink(link.c_str(), path.data(), path.size());
  if (length < 0)
    return errno_error(errno, "readlink", shown);
  path.resize(static_cast<std::size_t>(length));
  return path;
}

std::string linkless_path(const std::string& path) {
  const unique_fd fd{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (!fd)
    return path;
  auto real = real_path(fd.get(), path);
  return real ? *std::move(real) : path;
}

} // namespace fsshare
