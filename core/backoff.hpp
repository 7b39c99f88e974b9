// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace fsshare {

/// Exponential back-off with jitter: each delay is drawn from the upper half of
/// a range that doubles from `first` to `last`, so that many that failed
/// together do not come back together.
class backoff {
public:
  using duration = std::chrono::nanoseconds;

  /// @param seed Makes the delays reproducible.
  backoff(duration first, duration last, std::uint32_t seed)
    : first_(first), last_(last), range_(first), rng_(seed) {
  }

  /// Returns how long to wait before the next try.
  duration next() {
    const auto half = range_ / 2;
    std::uniform_int_distribution<duration::rep> jitter{0, half.count()};
    range_ = std::min(range_ * 2, last_);
    ++failures_;
    return half + duration{jitter(rng_)};
  }

  /// Forgets the failures: the next delay is the shortest again.
  void reset() {
    range_ = first_;
    failures_ = 0;
  }

  /// Number of next() since the last reset().
  unsigned failures() const {
    return failures_;
  }

private:
  duration first_;
  duration last_;
  duration range_;
  unsigned failures_ = 0;
  std::minstd_rand rng_;
};

} // namespace fsshare
