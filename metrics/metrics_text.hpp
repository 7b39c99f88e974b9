// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/metrics/metric_set.hpp"

#include <string>

namespace fsshare {

/// What metrics_as_text() writes, for HTTP.
inline constexpr const char* metrics_text_type
  = "text/plain; version=0.0.4; charset=utf-8";

/// Returns metrics in Prometheus's text format, with the sentence of each.
std::string metrics_as_text(const metric_set& metrics);

/// Returns a table of all metrics that there are in Markdown.
std::string metrics_as_markdown();

} // namespace fsshare
