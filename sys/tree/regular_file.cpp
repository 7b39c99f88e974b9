// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/regular_file.hpp"

#include <cerrno>
#include <fcntl.h>

namespace fsshare {

unique_fd open_regular_file(int base, const std::string& path,
                            mount_crossing mounts) {
  const auto handle = open_beneath(base, path, O_PATH, mounts);
  return handle ? reopen_regular_file(handle.get()) : unique_fd{};
}

unique_fd reopen_regular_file(int handle) {
  struct stat ignored {};
  return reopen_regular_file(handle, ignored);
}

unique_fd reopen_regular_file(int handle, struct stat& seen) {
  if (::fstat(handle, &seen) != 0)
    return {};
  if (!S_ISREG(seen.st_mode)) {
    errno = ENXIO;
    return {};
  }
  // The link leads to what the handle has, whatever bears its name by now
  // (proc(5)).
  const auto link = "/proc/self/fd/" + std::to_string(handle);
  return unique_fd{
    ::open(link.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
}

} // namespace fsshare
