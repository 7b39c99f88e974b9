// SPDX-License-Identifier: Apache-2.0
#include "sys/process/identity.hpp"

#include <unistd.h>

namespace fsshare {

std::uint32_t effective_uid() noexcept {
  return ::geteuid();
}

} // namespace fsshare
