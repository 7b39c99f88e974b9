// SPDX-License-Identifier: Apache-2.0
#include "sys/standin/confined_dir.hpp"

#include "sys/errno_error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fsshare {

namespace {

std::uint64_t resolve_flags(confinement how) {
  return RESOLVE_NO_MAGICLINKS
         | (how == confinement::in_root ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
}

} // namespace

confined_dir::confined_dir(unique_fd dir) : dir_(std::move(dir)) {
}

result<confined_dir> confined_dir::open(const std::string& path) {
  unique_fd dir{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!dir)
    return errno_error(errno, "open directory", path);
  return confined_dir{std::move(dir)};
}

os_result<unique_fd> confined_dir::open_at(const std::string& path, int flags,
                                           std::uint32_t mode,
                                           confinement how) const {
  if (path.find('\0') != std::string::npos)
    return std::errc::invalid_argument;
  ::open_how options{};
  options.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  options.mode = mode;
  options.resolve = resolve_flags(how);
  const auto* name = path.empty() ? "." : path.c_str();
  for (;;) {
    const auto fd
      = ::syscall(SYS_openat2, dir_.get(), name, &options, sizeof options);
    if (fd >= 0)
      return unique_fd{static_cast<int>(fd)};
    // EAGAIN: a rename somewhere may have raced with a `..` of this path; the
    // kernel leaves it to us to try again (openat2(2)).
    if (errno != EAGAIN && errno != EINTR)
      return last_errno();
  }
}

os_result<unique_fd> confined_dir::find(const std::string& path,
                                        confinement how) const {
  return open_at(path, O_PATH, 0, how);
}

os_result<unique_fd> confined_dir::find_dir(const std::string& path,
                                            confinement how) const {
  return open_at(path, O_PATH | O_DIRECTORY, 0, how);
}

os_result<unique_fd> confined_dir::open_file(const std::string& path,
                                             confinement how,
                                             file_options options) const {
  const int flags
    = O_WRONLY | O_CREAT | O_NONBLOCK | (options.truncate ? O_TRUNC : 0);
  return open_at(path, flags, options.mode & 07777U, how);
}

} // namespace fsshare
