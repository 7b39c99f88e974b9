// SPDX-License-Identifier: Apache-2.0
#include "core/net/socket_access.hpp"

#include <set>

namespace fsshare {

socket_access access_for(const std::vector<std::uint32_t>& allowed,
                         std::uint32_t own) {
  std::set<std::uint32_t> others{allowed.begin(), allowed.end()};
  others.erase(0);
  others.erase(own);
  if (others.empty())
    return {};
  // Only root can give a file away.
  if (others.size() == 1 && own == 0)
    return {0600, *others.begin()};
  return {0666, std::nullopt};
}

} // namespace fsshare
