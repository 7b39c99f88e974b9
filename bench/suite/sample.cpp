// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/sample.hpp"

#include <algorithm>
#include <cmath>

namespace fsshare::bench {

double median(std::vector<double> of) {
  if (of.empty())
    return 0;
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

double quantile(std::vector<double> of, double part) {
  if (of.empty())
    return 0;
  std::sort(of.begin(), of.end());
  const auto rank = std::ceil(part * static_cast<double>(of.size()));
  return of[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

sample medians(const std::vector<sample>& of) {
  const auto middle = [&of](double sample::*member) {
    std::vector<double> numbers;
    numbers.reserve(of.size());
    for (const auto& each : of)
      numbers.push_back(each.*member);
    return median(std::move(numbers));
  };
  return {middle(&sample::seconds),     middle(&sample::p99_seconds),
          middle(&sample::cpu_seconds), middle(&sample::guest_cpu_seconds),
          middle(&sample::growth_mib),  middle(&sample::requests),
          middle(&sample::system_calls)};
}

} // namespace fsshare::bench
