// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/metrics/metric_set.hpp"

#include <vector>

namespace fsshare {

/// A series of a counter.
struct counter_series {
  metric which;
  metric_set::labels of;
};

/// Returns counters that have counted nothing yet. Prometheus sees no increase
/// where a series begins with 1, so an alert on the first failure needs them.
inline metric_set at_zero(const std::vector<counter_series>& all) {
  metric_set out;
  for (const auto& each : all)
    out.add(each.which, 0, each.of);
  return out;
}

} // namespace fsshare
