// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/promql_names.hpp"

#include "core/metrics/known_metrics.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace fsshare::test {

namespace {

constexpr auto functions = std::to_array<std::string_view>(
  {"histogram_quantile", "increase", "max", "rate", "sum", "time"});
constexpr auto before_labels
  = std::to_array<std::string_view>({"by", "ignoring", "on", "without"});
constexpr auto operators
  = std::to_array<std::string_view>({"and", "or", "unless"});
/// What Prometheus adds to each series of a target.
constexpr auto target_labels
  = std::to_array<std::string_view>({"instance", "job"});
constexpr std::string_view bucket = "_bucket";

template <class Words>
bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'
         || c == ':';
}

bool is_in_name(char c) {
  return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

class reader {
public:
  explicit reader(std::string_view query) : left_(query) {
  }

  promql_names read() {
    for (skip_space(); !left_.empty(); skip_space())
      read_next();
    return std::move(names_);
  }

private:
  void read_next() {
    if (begins_name(left_.front()))
      read_name();
    else if (std::isdigit(static_cast<unsigned char>(left_.front())) != 0)
      take_while([](char c) {
        return is_in_name(c) || c == '.';
      });
    else if (left_.front() == '[')
      take_through(']');
    else if (std::string_view{"()+-*/%^<>=!,"}.find(left_.front())
             != std::string_view::npos)
      left_.remove_prefix(1);
    else
      fail("what is this");
  }

  void read_name() {
    const std::string name{take_while(is_in_name)};
    skip_space();
    if (has(operators, name))
      return;
    if (has(before_labels, name))
      return read_labels();
    if (has(functions, name))
      return;
    if (starts_with('('))
      fail("no function that is known: " + name);
    names_.metrics.push_back({name, {}});
    if (starts_with('{'))
      read_matchers(names_.metrics.back());
  }

  void read_labels() {
    take('(');
    for (skip_space(); !starts_with(')'); skip_space()) {
      names_.labels.insert(take_name());
      skip_space();
      if (!starts_with(')'))
        take(',');
    }
    take(')');
  }

  void read_matchers(selected_metric& of) {
    take('{');
    for (skip_space(); !starts_with('}'); skip_space()) {
      label_matcher one;
      one.label = take_name();
      skip_space();
      one.how = take_while([](char c) {
        return c == '=' || c == '!' || c == '~';
      });
      skip_space();
      one.value = take_string();
      of.matchers.push_back(std::move(one));
      skip_space();
      if (!starts_with('}'))
        take(',');
    }
    take('}');
  }

  std::string take_name() {
    if (left_.empty() || !begins_name(left_.front()))
      fail("no name");
    return std::string{take_while(is_in_name)};
  }

  std::string take_string() {
    take('"');
    const auto end = left_.find_first_of("\"\\");
    if (end == std::string_view::npos || left_[end] != '"')
      fail("a string that does not end, or has an escape");
    std::string text{left_.substr(0, end)};
    left_.remove_prefix(end + 1);
    return text;
  }

  template <class Predicate>
  std::string_view take_while(Predicate is_part) {
    const auto end = std::find_if_not(left_.begin(), left_.end(), is_part);
    const auto taken
      = left_.substr(0, static_cast<std::size_t>(end - left_.begin()));
    left_.remove_prefix(taken.size());
    return taken;
  }

  void take_through(char end) {
    const auto at = left_.find(end);
    if (at == std::string_view::npos)
      fail("something that does not end");
    left_.remove_prefix(at + 1);
  }

  void take(char c) {
    if (!starts_with(c))
      fail(std::string{"not a "} + c);
    left_.remove_prefix(1);
  }

  bool starts_with(char c) const {
    return !left_.empty() && left_.front() == c;
  }

  void skip_space() {
    take_while([](char c) {
      return std::isspace(static_cast<unsigned char>(c)) != 0;
    });
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error{why + ", at: " + std::string{left_.substr(0, 40)}};
  }

  std::string_view left_;
  promql_names names_;
};

const known_metric* find_known(std::string_view name) {
  const auto* const at
    = std::find_if(known_metrics.begin(), known_metrics.end(),
                   [name](const known_metric& each) {
                     return each.name == name;
                   });
  return at == known_metrics.end() ? nullptr : at;
}

/// Labels that a series has by itself.
std::set<std::string> labels_of(const std::string& series) {
  std::set<std::string> labels;
  for (const auto label : find_known(metric_of_series(series))->labels)
    if (!label.empty())
      labels.emplace(label);
  if (series.ends_with(bucket))
    labels.insert("le");
  return labels;
}

std::set<std::string> labels_of(const promql_names& names) {
  std::set<std::string> all{target_labels.begin(), target_labels.end()};
  for (const auto& each : names.metrics)
    if (!metric_of_series(each.name).empty())
      all.merge(labels_of(each.name));
  return all;
}

/// The values that a matcher names; none of one that leaves it to a variable.
std::vector<std::string> values_of(const label_matcher& matcher) {
  std::vector<std::string> values;
  if (matcher.value.find('$') != std::string::npos)
    return values;
  std::istringstream words{matcher.value};
  for (std::string word; std::getline(words, word, '|');)
    values.push_back(word);
  return values;
}

void complain_of(const selected_metric& one, std::vector<std::string>& to) {
  const auto metric = metric_of_series(one.name);
  if (metric.empty()) {
    to.push_back("no metric " + one.name);
    return;
  }
  const auto labels = labels_of(one.name);
  for (const auto& matcher : one.matchers) {
    if (has(target_labels, matcher.label))
      continue;
    if (!labels.contains(matcher.label)) {
      to.push_back("no label " + matcher.label + " of " + one.name);
      continue;
    }
    // Of these the list of metrics has no words.
    if (matcher.label == "code")
      continue;
    for (const auto& value : values_of(matcher))
      if (find_known(metric)->about.find("`" + value + "`")
          == std::string_view::npos)
        to.push_back("no " + matcher.label + " " + value + " of " + one.name);
  }
}

/// The lines of a scrape that are series of that name.
std::vector<std::string> series_of(const std::string& name,
                                   const std::string& scrape) {
  std::vector<std::string> all;
  std::istringstream lines{scrape};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + "{") || line.starts_with(name + " "))
      all.push_back(line);
  return all;
}

/// @param beginning Name and `="`, or more of it.
bool has_label(const std::vector<std::string>& series,
               const std::string& beginning) {
  return std::any_of(
    series.begin(), series.end(), [&beginning](const std::string& line) {
      return line.find("{" + beginning) != std::string::npos
             || line.find("," + beginning) != std::string::npos;
    });
}

} // namespace

promql_names names_in(std::string_view query) {
  return reader{query}.read();
}

std::string metric_of_series(const std::string& series) {
  if (find_known(series) != nullptr)
    return find_known(series)->type == metric_type::histogram ? "" : series;
  for (const std::string_view part :
       {bucket, std::string_view{"_sum"}, std::string_view{"_count"}}) {
    if (!series.ends_with(part))
      continue;
    auto base = series.substr(0, series.size() - part.size());
    const auto* const known = find_known(base);
    if (known != nullptr && known->type == metric_type::histogram)
      return base;
  }
  return {};
}

std::vector<std::string> complaints_of(std::string_view query,
                                       const std::set<std::string>& recorded) {
  std::vector<std::string> all;
  const auto names = names_in(query);
  if (names.metrics.empty())
    all.emplace_back("no metric at all");
  for (const auto& each : names.metrics)
    if (!recorded.contains(each.name))
      complain_of(each, all);
  for (const auto& label : names.labels)
    if (!labels_of(names).contains(label))
      all.push_back("no label " + label);
  return all;
}

std::vector<std::string>
complaints_of_labels(std::string_view query,
                     const std::set<std::string>& labels) {
  std::vector<std::string> all;
  const auto names = names_in(query);
  const auto known = names.labels.empty() ? labels_of(names) : names.labels;
  for (const auto& label : labels)
    if (!known.contains(label))
      all.push_back("no label " + label);
  return all;
}

std::vector<std::string> missing_in_scrape(std::string_view query,
                                           const std::string& scrape) {
  std::vector<std::string> all;
  for (const auto& each : names_in(query).metrics) {
    if (metric_of_series(each.name).empty())
      continue;
    const auto series = series_of(each.name, scrape);
    if (series.empty())
      all.push_back("no series of " + each.name);
    for (const auto& label : labels_of(each.name))
      if (!has_label(series, label + "=\""))
        all.push_back("no label " + label + " of " + each.name);
    for (const auto& matcher : each.matchers)
      for (const auto& value : values_of(matcher))
        if (!has_label(series, matcher.label + "=\"" + value + "\""))
          all.push_back("no " + matcher.label + " " + value + " of "
                        + each.name);
  }
  return all;
}

} // namespace fsshare::test
