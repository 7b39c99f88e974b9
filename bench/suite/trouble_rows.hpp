// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/row.hpp"

#include <vector>

namespace fsshare::bench {

/// What others notice of a guest that hangs, and of a source.
std::vector<row> trouble_rows();

} // namespace fsshare::bench
