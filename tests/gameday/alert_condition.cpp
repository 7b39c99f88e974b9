// SPDX-License-Identifier: Apache-2.0
#include "tests/gameday/alert_condition.hpp"

#include "tests/metrics/deployed_queries.hpp"
#include "tests/metrics/promql_names.hpp"

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace fsshare::test {

namespace {

/// Values by the labels of their series.
using values = std::map<std::string, double>;

std::string query_of(const std::string& where) {
  for (const auto& each : rule_queries())
    if (each.where == where)
      return each.query;
  throw std::runtime_error{"no rule " + where};
}

bool matches(const selected_metric& wanted, const std::string& labels) {
  return std::all_of(wanted.matchers.begin(), wanted.matchers.end(),
                     [&labels](const label_matcher& each) {
                       if (each.how != "=")
                         throw std::runtime_error{"matcher " + each.how};
                       const auto pair = each.label + "=\"" + each.value + "\"";
                       return labels.find("{" + pair) != std::string::npos
                              || labels.find("," + pair) != std::string::npos;
                     });
}

values select(const selected_metric& wanted, const std::string& scrape) {
  values out;
  std::istringstream lines{scrape};
  for (std::string line; std::getline(lines, line);) {
    const auto end = line.find_first_of("{ ");
    const auto space = line.rfind(' ');
    if (line.substr(0, end) != wanted.name)
      continue;
    const auto labels = line.substr(end, space - end);
    if (matches(wanted, labels))
      out[labels] = std::stod(line.substr(space + 1));
  }
  return out;
}

/// The one metric of a part of a query.
selected_metric metric_in(const std::string& part) {
  const auto names = names_in(part).metrics;
  if (names.size() != 1)
    throw std::runtime_error{"not one metric: " + part};
  return names.front();
}

double only(const std::string& part, const std::string& scrape) {
  const auto found = select(metric_in(part), scrape);
  if (found.size() != 1)
    throw std::runtime_error{"not one series: " + part};
  return found.begin()->second;
}

values recorded(const std::string& name, const scrape_pair& seen) {
  static const std::regex ratio{R"( ?(\w+) / (\w+) and on \(instance\) (\w+))"};
  const auto query = query_of("- record: " + name);
  std::smatch parts;
  if (!std::regex_match(query, parts, ratio))
    throw std::runtime_error{"no form of a rule that is known: " + query};
  if (select(metric_in(parts[3]), seen.now).empty())
    return {};
  return {{"", only(parts[1], seen.now) / only(parts[2], seen.now)}};
}

values increase(const selected_metric& of, const scrape_pair& seen) {
  const auto before = select(of, seen.before);
  values out;
  for (const auto& [labels, value] : select(of, seen.now))
    if (const auto at = before.find(labels); at != before.end())
      out[labels] = value - at->second;
  return out;
}

bool compare(double left, const std::string& how, double right) {
  if (how == "==")
    return left == right;
  return how == ">" ? left > right : left < right;
}

} // namespace

bool holds(const std::string& query, const scrape_pair& seen) {
  static const std::regex form{
    R"( ?(increase\()?([\w:]+(?:\{[^}]*\})?)(\[\w+\]\))? (==|>|<) ([\d.]+))"};
  std::smatch parts;
  if (!std::regex_match(query, parts, form)
      || parts[1].matched != parts[3].matched)
    throw std::runtime_error{"no form of a query that is known: " + query};
  const auto of = metric_in(parts[2]);
  values found;
  if (parts[1].matched)
    found = increase(of, seen);
  else if (of.name.find(':') != std::string::npos)
    found = recorded(of.name, seen);
  else
    found = select(of, seen.now);
  return std::any_of(found.begin(), found.end(), [&parts](const auto& each) {
    return compare(each.second, parts[4], std::stod(parts[5]));
  });
}

bool is_raised(const std::string& alert, const scrape_pair& seen) {
  return holds(query_of("- alert: " + alert), seen);
}

} // namespace fsshare::test
