// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/row.hpp"

#include <vector>

namespace fsshare::bench {

/// Rotations of volumes, from the rename on the host to the sight of it in the
/// last copy.
std::vector<row> rotation_rows();

} // namespace fsshare::bench
