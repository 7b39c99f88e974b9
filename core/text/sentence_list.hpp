// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Returns the items with a separator between them for a sentence, which is to
/// be read and has a limit where it is sent: the first of them, as many as fit
/// in 640 bytes but one at least, then how many more there are.
std::string listed(const std::vector<std::string>& items,
                   std::string_view separator);

} // namespace fsshare
