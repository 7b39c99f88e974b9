// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/metrics/histogram.hpp"
#include "core/metrics/known_metrics.hpp"

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <variant>

namespace fsshare {

/// What was counted and measured, at one moment. What is added for the same
/// metric and labels adds up.
class metric_set {
public:
  /// Values of the labels, in the order of known_metric::labels.
  using labels = std::array<std::string, most_metric_labels>;
  using value = std::variant<double, histogram>;

  /// One series: a metric with values of its labels. Those of one metric stand
  /// together.
  struct series {
    std::size_t index = 0;
    labels of;

    friend auto operator<=>(const series&, const series&)
      = default; // NOLINT(modernize-use-nullptr)
  };

  void add(metric which, double amount, labels of = {});
  void add(metric which, const histogram& counted, labels of = {});
  void add(const metric_set& other);
  /// Counts a time in a histogram.
  void observe(metric which, std::chrono::nanoseconds time, labels of = {});

  const std::map<series, value>& all() const {
    return all_;
  }

private:
  void add(series which, const value& amount);

  std::map<series, value> all_;
};

} // namespace fsshare
