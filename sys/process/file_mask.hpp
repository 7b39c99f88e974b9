// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

/// Sets the permissions that this process does not give to new files and
/// directories (umask(2)); for all threads.
void set_file_mask(std::uint32_t mask) noexcept;

} // namespace fsshare
