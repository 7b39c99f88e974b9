// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log_settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fsshare::log {

/// Decides which lines are left out because the same event, of the same
/// sandbox, repeats: a peer that fails again and again must not push the lines
/// of others out. Knows no clock and takes no lock.
///
/// Warnings and errors of a key: 20 at once, one a second from then on. What is
/// life cycle, `info`: 1,000 at once and 100 a second, which only a peer that
/// drives us reaches. `debug` is per call and has no limit.
class line_limiter {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Of one event, what was left out since it was last said.
  struct left_out {
    std::string event;
    std::string sandbox;
    std::uint64_t count = 0;
  };

  /// Returns whether to write a line.
  /// @param sandbox Empty for events that concern none.
  bool admit(log_level level, std::string_view event, std::string_view sandbox,
             time_point now);

  /// Returns what was left out of each key, 10 s after the first of it; each
  /// is told once.
  std::vector<left_out> take_left_out(time_point now);

  /// Returns when take_left_out() may have something new; the largest value if
  /// nothing was left out.
  time_point next_due() const;

  /// Keys beyond this many share one for each event.
  static constexpr std::size_t max_keys = 1024;

private:
  struct bucket {
    double tokens = 0;
    time_point filled;
    std::uint64_t left_out = 0;
    time_point told;
  };
  using key = std::pair<std::string, std::string>;

  bucket& bucket_of(std::string_view event, std::string_view sandbox,
                    double burst, time_point now);
  void forget_idle(time_point now);

  std::map<key, bucket> buckets_;
  /// How many of them have left something out that was not told yet: mostly
  /// none, and every line is followed by the question which.
  std::size_t owing_ = 0;
};

} // namespace fsshare::log
