// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/row.hpp"

#include <vector>

namespace fsshare::bench {

/// Read-only binds through the control API, made and ended, beside the bare
/// system calls.
std::vector<row> bind_rows();

} // namespace fsshare::bench
