// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

using nlohmann::json;

TEST_SUITE_BEGIN("docs/readme");

namespace {

using defaults = std::map<std::string, json>;

/// Returns what stands between backquotes, or nothing.
std::string unquoted(const std::string& cell) {
  const auto begin = cell.find('`');
  const auto end = cell.rfind('`');
  return begin == end ? "" : cell.substr(begin + 1, end - begin - 1);
}

/// Reads the rows `| key | type | unit | default | effect |` of README's
/// configuration table.
defaults documented() {
  std::istringstream text{fsshare::test::read_file("README.md")};
  defaults found;
  bool is_inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with('#'))
      is_inside = line == "### Configuration";
    if (!is_inside || !line.starts_with("| `"))
      continue;
    std::istringstream row{line};
    std::string skipped, key, type, unit, value;
    for (auto* cell : {&skipped, &key, &type, &unit, &value})
      std::getline(row, *cell, '|');
    CHECK_MESSAGE(
      found.emplace(unquoted(key), json::parse(unquoted(value))).second, key);
  }
  return found;
}

/// Adds the keys of an object, with dots between the names of its sections.
void add_keys(const json& object, const std::string& prefix, defaults& into) {
  for (auto it = object.begin(); it != object.end(); ++it) {
    if (it->is_object())
      add_keys(*it, prefix + it.key() + ".", into);
    else
      into.emplace(prefix + it.key(), *it);
  }
}

} // namespace

TEST_CASE("README lists every key of the configuration with its default") {
  const auto example
    = json::parse(fsshare::test::read_file("config/example.json"));
  defaults expected;
  add_keys(example, "", expected);
  const auto found = documented();
  // Named by one line each, should the table differ.
  for (const auto& row : expected) {
    const auto known = found.find(row.first);
    REQUIRE_MESSAGE(known != found.end(), row.first);
    CHECK_MESSAGE(known->second == row.second, row.first);
  }
  for (const auto& row : found)
    CHECK_MESSAGE(expected.count(row.first) == 1, row.first);
}
