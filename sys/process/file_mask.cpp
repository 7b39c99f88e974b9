// SPDX-License-Identifier: Apache-2.0
#include "sys/process/file_mask.hpp"

#include <sys/stat.h>

namespace fsshare {

void set_file_mask(std::uint32_t mask) noexcept {
  ::umask(mask);
}

} // namespace fsshare
