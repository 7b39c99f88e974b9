// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

/// Returns the user that the kernel checks this process as; 0 is root.
std::uint32_t effective_uid() noexcept;

} // namespace fsshare
