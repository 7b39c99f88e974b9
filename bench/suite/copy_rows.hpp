// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/row.hpp"

#include <vector>

namespace fsshare::bench {

/// First copies of trees and of a large file.
std::vector<row> copy_rows();

} // namespace fsshare::bench
