// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/deployed_queries.hpp"

#include "tests/support/temp_dir.hpp"

#include <nlohmann/json.hpp>

#include <regex>
#include <sstream>
#include <stdexcept>

namespace fsshare::test {

namespace {

std::set<std::string> found_by(const std::regex& what,
                               const std::string& text) {
  std::set<std::string> all;
  for (std::sregex_iterator it{text.begin(), text.end(), what}, end; it != end;
       ++it)
    all.insert((*it)[1].str());
  return all;
}

std::set<std::string> labels_of_legend(const std::string& legend) {
  return found_by(std::regex{R"(\{\{(\w+)\}\})"}, legend);
}

/// Takes `label_values(QUERY, LABEL)` apart.
deployed_query query_of_variable(const std::string& name,
                                 const std::string& query) {
  static const std::regex form{R"(label_values\((.+), (\w+)\))"};
  std::smatch parts;
  if (!std::regex_match(query, parts, form))
    throw std::runtime_error{"variable " + name + ": " + query};
  return {"variable " + name, parts[1].str(), {parts[2].str()}};
}

std::string without_indent(const std::string& line) {
  return line.substr(line.find_first_not_of(' '));
}

/// One rule of the file, from its `- alert:` or `- record:` on.
deployed_query query_of_rule(const std::string& rule) {
  std::istringstream lines{rule};
  deployed_query out;
  std::string line;
  std::getline(lines, line);
  out.where = without_indent(line);
  std::size_t indent = std::string::npos;
  while (std::getline(lines, line)) {
    const auto at = line.find_first_not_of(' ');
    if (indent != std::string::npos && at > indent)
      out.query += " " + without_indent(line);
    else if (const auto text = without_indent(line);
             text.starts_with("expr: ")) {
      indent = at;
      out.query = text == "expr: >-" ? "" : text.substr(6);
    } else {
      indent = std::string::npos;
    }
  }
  out.labels = found_by(std::regex{R"(\$labels\.(\w+))"}, rule);
  return out;
}

const char* const rules_file = "deploy/prometheus/rules.yaml";

} // namespace

std::vector<deployed_query> dashboard_queries() {
  const auto board
    = nlohmann::json::parse(read_file("deploy/grafana/fsshare.json"));
  std::vector<deployed_query> all;
  for (const auto& panel : board.at("panels"))
    for (const auto& target : panel.value("targets", nlohmann::json::array()))
      all.push_back({panel.at("title"), target.at("expr"),
                     labels_of_legend(target.at("legendFormat"))});
  for (const auto& variable : board.at("templating").at("list"))
    if (variable.at("type") == "query")
      all.push_back(query_of_variable(variable.at("name"),
                                      variable.at("query").at("query")));
  return all;
}

std::vector<deployed_query> rule_queries() {
  const auto text = read_file(rules_file);
  static const std::regex first{R"(      - (?:alert|record): )"};
  std::vector<deployed_query> all;
  for (std::sregex_iterator it{text.begin(), text.end(), first}, end;
       it != end;) {
    const auto begin = static_cast<std::size_t>(it->position());
    ++it;
    const auto size
      = it == end ? text.size() : static_cast<std::size_t>(it->position());
    all.push_back(query_of_rule(text.substr(begin, size - begin)));
  }
  return all;
}

std::set<std::string> recorded_series() {
  return found_by(std::regex{R"(- record: (\S+))"}, read_file(rules_file));
}

} // namespace fsshare::test
