// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace fsshare {

/// Visible links of one destination whose removal lost its answer. It may
/// happen until long after, and take a link away that is wanted again by then.
/// So such a link is made once more at growing intervals.
class link_doubt {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// How long such a removal is taken to be able to happen.
  static constexpr std::chrono::nanoseconds lasts = pacing::longest_lateness;

  /// The removal of a link has lost its answer.
  void lost(const std::string& name, time_point now);

  /// A link was made, by a request that was answered.
  void made(const std::string& name, time_point now);

  /// Returns when a link is to be made again; nothing if it is not.
  std::optional<time_point> due_at(const std::string& name) const;

private:
  struct lost_removal {
    time_point at;
    time_point due;
  };

  std::map<std::string, lost_removal> lost_;
};

} // namespace fsshare
