// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// Flips of one destination that lost their answers. Each may happen until long
/// after, however many were acknowledged since, and make `..data` name another
/// generation than the live one. So the live one is flipped to again at growing
/// intervals, and the other one stays for a while.
class flip_doubt {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// How long a generation stays that such a flip may name.
  static constexpr std::chrono::nanoseconds keeps = pacing::doubtful_generation;
  /// How long such a flip is taken to be able to happen.
  static constexpr std::chrono::nanoseconds lasts = pacing::longest_lateness;

  /// A flip to `name` has lost its answer.
  void lost(const std::string& name, time_point now);

  /// A flip to `live` was acknowledged. Returns the generations that this lets
  /// go: none that may be named for a moment by what may still happen soon.
  std::vector<std::string> acknowledged(const std::string& live,
                                        time_point now);

  /// A flip to the live one came to nothing.
  void postpone(time_point now);

  /// Returns whether a generation may not be removed yet.
  bool keeps_name(const std::string& name) const;

  /// Returns when the live generation is to be flipped to again; nothing while
  /// nothing else may be named.
  std::optional<time_point> next_due(const std::string& live) const;

private:
  struct lost_flip {
    time_point at;
    bool is_kept = true;
  };

  std::map<std::string, lost_flip> lost_;
  time_point next_{};
};

} // namespace fsshare
