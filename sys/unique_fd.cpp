// SPDX-License-Identifier: Apache-2.0
#include "sys/unique_fd.hpp"

#include <cerrno>
#include <unistd.h>

namespace fsshare {

void unique_fd::reset(int fd) noexcept {
  const auto old = std::exchange(fd_, fd);
  if (old < 0)
    return;
  const auto kept = errno;
  // Linux frees the number even if close() fails, so that there is nothing to
  // repeat (close(2), "Dealing with error returns").
  ::close(old);
  errno = kept;
}

} // namespace fsshare
