// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

namespace fsshare::test {

/// A query in PromQL that operators are given.
struct deployed_query {
  /// The panel, variable or alert.
  std::string where;
  std::string query;
  /// Labels that its legend or text takes from the result.
  std::set<std::string> labels;
};

/// Queries of panels and variables of deploy/grafana/fsshare.json.
std::vector<deployed_query> dashboard_queries();

/// Queries of deploy/prometheus/rules.yaml.
std::vector<deployed_query> rule_queries();

/// Names of the series that those rules record.
std::set<std::string> recorded_series();

} // namespace fsshare::test
