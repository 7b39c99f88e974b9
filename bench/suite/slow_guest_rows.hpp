// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/row.hpp"

#include <vector>

namespace fsshare::bench {

/// Work for a guest whose processor is the limit: beside the least time that
/// its requests take there, and what others wait for the guest meanwhile.
std::vector<row> slow_guest_rows();

} // namespace fsshare::bench
