// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fsshare {

/// How often a time was at most so long, for each of some bounds; and their
/// sum. A value: it holds no memory beyond its own.
class histogram {
public:
  static constexpr std::size_t most_bounds = 18;

  /// @param bounds Seconds, ascending, most_bounds at most; read as long as
  ///        this or a copy lives, so they are constants.
  explicit histogram(std::span<const double> bounds);

  /// Counts a time; one below 0 counts as 0.
  void observe(std::chrono::nanoseconds time);

  /// Adds what another has counted by the same bounds.
  histogram& operator+=(const histogram& other);

  std::span<const double> bounds() const {
    return bounds_;
  }
  /// How many were at most as long as `bounds()[i]`, and longer than the bound
  /// before it.
  std::uint64_t in_bucket(std::size_t i) const {
    return buckets_.at(i);
  }
  /// All, those beyond the last bound too.
  std::uint64_t count() const {
    return count_;
  }
  /// Seconds.
  double sum() const {
    return sum_;
  }

private:
  std::span<const double> bounds_;
  std::array<std::uint64_t, most_bounds> buckets_{};
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

} // namespace fsshare
