#include "sys/open_beneath.hpp"

#include "sys/errno_error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fsshare {

unique_fd open_beneath(int base, const std::string& path, int flags,
                       mount_crossing mounts) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC | O_NOFOLLOW;
  // openat2(2) refuses flags that mean nothing together with O_PATH.
  if ((flags & O_PATH) == 0)
    how.flags |= O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  if (mounts == mount_crossing::skip)
    how.resolve |= RESOLVE_NO_XDEV;
  // glibc 2.36 has no wrapper.
  return unique_fd{static_cast<int>(syscall(
    SYS_openat2, base, path.empty() ? "." : path.c_str(), &how, sizeof how))};
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

} // namespace fsshare
