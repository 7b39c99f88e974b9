// SPDX-License-Identifier: Apache-2.0
#include "metrics/metrics_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace fsshare {

namespace {

prometheus::MetricType type_of(metric_type type) {
  switch (type) {
  case metric_type::counter: return prometheus::MetricType::Counter;
  case metric_type::gauge: return prometheus::MetricType::Gauge;
  case metric_type::histogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

const char* word_of(metric_type type) {
  switch (type) {
  case metric_type::counter: return "counter";
  case metric_type::gauge: return "gauge";
  case metric_type::histogram: return "histogram";
  }
  return "";
}

/// Markdown to one who reads a scrape.
std::string plain(std::string_view about) {
  std::string out{about};
  std::erase(out, '`');
  return out;
}

prometheus::ClientMetric::Histogram as_prometheus(const histogram& counted) {
  prometheus::ClientMetric::Histogram out;
  out.sample_count = counted.count();
  out.sample_sum = counted.sum();
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < counted.bounds().size(); ++i) {
    so_far += counted.in_bucket(i);
    out.bucket.push_back({so_far, counted.bounds()[i]});
  }
  out.bucket.push_back(
    {counted.count(), std::numeric_limits<double>::infinity()});
  return out;
}

prometheus::ClientMetric as_prometheus(const metric_set::series& which,
                                       const metric_set::value& amount) {
  const auto& known = known_metrics.at(which.index);
  prometheus::ClientMetric out;
  for (std::size_t i = 0; i < known.labels.size(); ++i)
    if (!known.labels.at(i).empty())
      out.label.push_back({std::string{known.labels.at(i)}, which.of.at(i)});
  if (const auto* counted = std::get_if<histogram>(&amount))
    out.histogram = as_prometheus(*counted);
  else if (known.type == metric_type::counter)
    out.counter.value = std::get<double>(amount);
  else
    out.gauge.value = std::get<double>(amount);
  return out;
}

} // namespace

std::string metrics_as_text(const metric_set& metrics) {
  std::vector<prometheus::MetricFamily> families;
  std::size_t last = known_metrics.size();
  for (const auto& [which, amount] : metrics.all()) {
    if (std::exchange(last, which.index) != which.index) {
      const auto& known = known_metrics.at(which.index);
      families.push_back(
        {std::string{known.name}, plain(known.about), type_of(known.type), {}});
    }
    families.back().metric.push_back(as_prometheus(which, amount));
  }
  const prometheus::TextSerializer text;
  return static_cast<const prometheus::Serializer&>(text).Serialize(families);
}

std::string metrics_as_markdown() {
  std::string out = "| Metric | Type | Labels | Means |\n|---|---|---|---|\n";
  for (const auto& known : known_metrics) {
    std::string labels;
    for (const auto label : known.labels)
      if (!label.empty())
        labels.append(labels.empty() ? "`" : ", `").append(label).append("`");
    out.append("| `")
      .append(known.name)
      .append("` | ")
      .append(word_of(known.type))
      .append(" | ")
      .append(labels.empty() ? "–" : labels)
      .append(" | ")
      .append(known.about)
      .append(" |\n");
  }
  return out;
}

} // namespace fsshare
