#pragma once

#include <string>
#include <vector>

namespace fsshare {

/// Returns whether any of the directories lies on an EROFS filesystem
/// (statfs(2)). Those that cannot be looked at count as not.
bool any_on_erofs(const std::vector<std::string>& dirs);

} // namespace fsshare
