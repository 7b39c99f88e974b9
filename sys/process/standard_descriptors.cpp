// SPDX-License-Identifier: Apache-2.0
#include "sys/process/standard_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace fsshare {

void fill_standard_descriptors() noexcept {
  // open(2) takes the lowest that is free.
  for (;;) {
    const int fd = ::open("/dev/null", O_RDWR);
    if (fd < 0)
      return;
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
  }
}

void close_standard_descriptors() noexcept {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    ::close(fd);
}

} // namespace fsshare
