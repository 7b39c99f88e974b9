// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace fsshare {

/// What callers call a sandbox, by name; shown wherever it is.
using label_map = std::map<std::string, std::string>;

/// Returns `name=value,name=value`, empty for none.
std::string joined(const label_map& labels);

} // namespace fsshare
