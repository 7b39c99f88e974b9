// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare::test {

/// What a query demands of one label of a metric.
struct label_matcher {
  std::string label;
  /// `=`, `!=`, `=~` or `!~`.
  std::string how;
  std::string value;
};

/// One time that a query names a metric.
struct selected_metric {
  std::string name;
  std::vector<label_matcher> matchers;
};

/// The names in a query.
struct promql_names {
  std::vector<selected_metric> metrics;
  /// Labels that it groups or joins by.
  std::set<std::string> labels;
};

/// Finds the names in a query in PromQL, as dashboards and rules have them:
/// with Grafana's variables in strings and ranges. It knows the functions that
/// ours use, takes every other name for a metric or a label, and throws
/// std::runtime_error for what it does not understand.
promql_names names_in(std::string_view query);

/// What is wrong with a query, a sentence each: metrics and labels that there
/// are not, and values of labels that docs/metrics.md does not have.
/// @param recorded Series that rules record.
std::vector<std::string> complaints_of(std::string_view query,
                                       const std::set<std::string>& recorded);

/// The same for labels that a text takes from the result of a query, as
/// `{{label}}` of a legend.
std::vector<std::string>
complaints_of_labels(std::string_view query,
                     const std::set<std::string>& labels);

/// What a scrape has not of the metrics, labels and values that a query names.
std::vector<std::string> missing_in_scrape(std::string_view query,
                                           const std::string& scrape);

/// The known metric that a series is of: without `_bucket`, `_sum` and `_count`
/// of a histogram; empty if there is none.
std::string metric_of_series(const std::string& series);

} // namespace fsshare::test
