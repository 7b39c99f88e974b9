// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/row.hpp"

#include <vector>

namespace fsshare::bench {

/// Sandboxes set up one by one, beside what they consist of made by bare system
/// calls.
std::vector<row> prepare_rows();

} // namespace fsshare::bench
