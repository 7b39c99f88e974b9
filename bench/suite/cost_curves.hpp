// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/curve_report.hpp"

#include <vector>

namespace fsshare::bench {

/// Measures rotations of more and more volumes, destinations, keys and
/// sandboxes.
std::vector<cost_curve> measure_curves();

} // namespace fsshare::bench
