// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/whole_read.hpp"

#include <cerrno>
#include <unistd.h>

namespace fsshare {

namespace {

bool same_time(const timespec& x, const timespec& y) {
  return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

} // namespace

bool same_state(const struct stat& x, const struct stat& y) {
  return x.st_size == y.st_size && same_time(x.st_mtim, y.st_mtim)
         && same_time(x.st_ctim, y.st_ctim);
}

ssize_t read_fully(int fd, std::uint8_t* into, std::size_t length,
                   std::uint64_t offset) {
  std::size_t filled = 0;
  while (filled < length) {
    const auto count = ::pread(fd, into + filled, length - filled,
                               static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return -1;
    if (count == 0)
      break;
    filled += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(filled);
}

} // namespace fsshare
