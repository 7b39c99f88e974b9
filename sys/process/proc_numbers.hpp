// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fsshare {

/// Returns the numbers among the names in a directory of /proc: of processes,
/// or of descriptors; none of one that ended or may not be read.
std::vector<int> numbers_in(const std::string& path);

} // namespace fsshare
