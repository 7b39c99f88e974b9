// SPDX-License-Identifier: Apache-2.0
#include "core/volume/link_doubt.hpp"

#include <algorithm>

namespace fsshare {

void link_doubt::lost(const std::string& name, time_point now) {
  std::erase_if(lost_, [now](const auto& entry) {
    return now - entry.second.at >= 2 * lasts;
  });
  lost_[name] = {now, now + pacing::shortest_doubt};
}

// What happens late is put right in as much time as it was late.
void link_doubt::made(const std::string& name, time_point now) {
  const auto i = lost_.find(name);
  if (i == lost_.end())
    return;
  if (now - i->second.at >= lasts)
    lost_.erase(i);
  else
    i->second.due = now + std::max(now - i->second.at, pacing::shortest_doubt);
}

std::optional<link_doubt::time_point>
link_doubt::due_at(const std::string& name) const {
  const auto i = lost_.find(name);
  return i == lost_.end() ? std::nullopt : std::optional{i->second.due};
}

} // namespace fsshare
