// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/histogram.hpp"

#include <algorithm>

namespace fsshare {

histogram::histogram(std::span<const double> bounds)
  : bounds_(bounds.first(std::min(bounds.size(), most_bounds))) {
}

void histogram::observe(std::chrono::nanoseconds time) {
  const auto length
    = std::max(std::chrono::duration<double>{time}.count(), 0.0);
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), length);
  if (bucket != bounds_.end())
    ++buckets_.at(static_cast<std::size_t>(bucket - bounds_.begin()));
  ++count_;
  sum_ += length;
}

histogram& histogram::operator+=(const histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    buckets_.at(i) += other.buckets_.at(i);
  count_ += other.count_;
  sum_ += other.sum_;
  return *this;
}

} // namespace fsshare
