// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace fsshare::bench {

/// Counts the instructions of fsshared's actors and a stand-in guest with
/// callgrind: what is counted -> how many. Empty where there is no valgrind, or
/// where the tests are not built.
std::map<std::string, double> count_instructions();

} // namespace fsshare::bench
