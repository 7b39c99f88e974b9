// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/metric_set.hpp"

#include <utility>

namespace fsshare {

void metric_set::add(metric which, double amount, labels of) {
  add(series{which.index(), std::move(of)}, amount);
}

void metric_set::add(metric which, const histogram& counted, labels of) {
  add(series{which.index(), std::move(of)}, counted);
}

void metric_set::add(const metric_set& other) {
  for (const auto& [which, amount] : other.all_)
    add(which, amount);
}

void metric_set::observe(metric which, std::chrono::nanoseconds time,
                         labels of) {
  const auto at
    = all_
        .try_emplace(series{which.index(), std::move(of)},
                     histogram{known_metrics.at(which.index()).bounds})
        .first;
  std::get<histogram>(at->second).observe(time);
}

void metric_set::add(series which, const value& amount) {
  const auto [at, is_new] = all_.try_emplace(std::move(which), amount);
  if (is_new)
    return;
  if (auto* number = std::get_if<double>(&at->second))
    *number += std::get<double>(amount);
  else
    std::get<histogram>(at->second) += std::get<histogram>(amount);
}

} // namespace fsshare
