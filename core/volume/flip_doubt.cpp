// SPDX-License-Identifier: Apache-2.0
#include "core/volume/flip_doubt.hpp"

#include <algorithm>

namespace fsshare {

void flip_doubt::lost(const std::string& name, time_point now) {
  lost_[name] = {now, true};
  next_ = now + pacing::shortest_doubt;
}

std::vector<std::string> flip_doubt::acknowledged(const std::string& live,
                                                  time_point now) {
  std::vector<std::string> freed;
  auto latest = time_point::min();
  for (auto i = lost_.begin(); i != lost_.end();) {
    auto& [name, flip] = *i;
    latest = std::max(latest, flip.at);
    if (flip.is_kept && name != live && now - flip.at >= keeps) {
      flip.is_kept = false;
      freed.push_back(name);
    }
    i = now - flip.at >= lasts && !(flip.is_kept && name != live)
          ? lost_.erase(i)
          : std::next(i);
  }
  if (!lost_.empty())
    // What happens that late is put right in a part of that time.
    next_ = now + std::max((now - latest) / 2, pacing::shortest_doubt);
  return freed;
}

void flip_doubt::postpone(time_point now) {
  next_ = now + pacing::shortest_doubt;
}

bool flip_doubt::keeps_name(const std::string& name) const {
  const auto i = lost_.find(name);
  return i != lost_.end() && i->second.is_kept;
}

std::optional<flip_doubt::time_point>
flip_doubt::next_due(const std::string& live) const {
  const bool is_doubtful
    = std::any_of(lost_.begin(), lost_.end(), [&live](const auto& entry) {
        return entry.first != live;
      });
  return is_doubtful ? std::optional{next_} : std::nullopt;
}

} // namespace fsshare
