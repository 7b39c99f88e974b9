// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fsshare::bench {

/// Returns what a measurement depends on: names and values, for people.
std::vector<std::pair<std::string, std::string>> describe_machine();

} // namespace fsshare::bench
