// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace fsshare::test {

/// Two scrapes of one node agent, which is all that Prometheus would know.
struct scrape_pair {
  std::string before;
  std::string now;
};

/// Whether a query in PromQL holds, which is one of these:
///
///     METRIC OP NUMBER
///     increase(METRIC[TIME]) OP NUMBER
///     A / B and on (instance) C
///
/// with matchers of equality, or a series that rules record where a METRIC may
/// be. The last is a value, for rules that record. What increases is the
/// difference between the scrapes; as for Prometheus, a series that was not
/// there before has not. Throws std::runtime_error for any other query.
bool holds(const std::string& query, const scrape_pair& seen);

/// Whether the condition of an alert of deploy/prometheus/rules.yaml holds, for
/// however long. Throws where there is no such alert.
bool is_raised(const std::string& alert, const scrape_pair& seen);

} // namespace fsshare::test
