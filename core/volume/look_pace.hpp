// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"

#include <chrono>
#include <optional>

namespace fsshare {

/// When to look again at something that changes all the time and takes long to
/// look at: soon after a change, several changes together, and never for more
/// than a fiftieth of the time.
class look_pace {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// What comes within this time of a change is seen with it.
  static constexpr duration settling = pacing::mount_settling;
  /// Until the next look where one could not do all.
  static constexpr duration retry = pacing::mounts_again;
  /// How many times as long as a look nothing is looked at after it.
  static constexpr int rest = pacing::mount_rest;

  /// Notes a change.
  /// @returns when to look, unless that is arranged already.
  std::optional<time_point> changed(time_point now);

  /// Notes a look.
  /// @param is_all Whether it could do all.
  /// @returns when to look again, if so without another change.
  std::optional<time_point> looked(time_point begin, time_point end,
                                   bool is_all);

private:
  bool is_arranged_ = false;
  std::optional<time_point> not_before_;
};

} // namespace fsshare
