// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>

TEST_SUITE_BEGIN("docs/defects");

namespace {

namespace fs = std::filesystem;

/// Adds what a source file gives to TEST_CASE, as `label: "name"`; names may
/// stand in several string literals.
void add_names(const std::string& source, const std::string& label,
               std::set<std::string>& into) {
  for (auto at = source.find("TEST_CASE"); at != std::string::npos;
       at = source.find("TEST_CASE", at + 1)) {
    std::string name;
    bool is_inside = false;
    for (auto i = source.find('"', at); i < source.size(); ++i) {
      const char c = source[i];
      if (c == '"')
        is_inside = !is_inside;
      else if (is_inside)
        name += c;
      else if (c == ')')
        break;
    }
    auto full_name = label;
    full_name.append(": \"").append(name).append("\"");
    into.insert(std::move(full_name));
  }
}

/// Of each folder of tests, whose name is their label but in two cases.
std::set<std::string> test_names() {
  std::set<std::string> names{"layers: \"the tree keeps the include rules\""};
  for (const auto& folder : fs::directory_iterator{"tests"}) {
    if (!folder.is_directory())
      continue;
    const auto name = folder.path().filename().string();
    const auto label = name == "churn" ? "rotations" : name;
    for (const auto& file : fs::directory_iterator{folder.path()})
      if (file.path().string().ends_with("_test.cpp"))
        add_names(fsshare::test::read_file(file.path().string()), label, names);
  }
  return names;
}

/// The rows of the document's tables.
std::vector<std::string> rows() {
  std::istringstream text{fsshare::test::read_file("docs/defects.md")};
  std::vector<std::string> found;
  for (std::string line; std::getline(text, line);)
    if (line.starts_with("| ") && line.find("Proof |") == std::string::npos)
      found.push_back(line);
  return found;
}

} // namespace

TEST_CASE("every test that the list of defects names exists") {
  const auto names = test_names();
  const std::regex named{R"(([a-z]+: "[^"]*"))"};
  std::size_t seen = 0;
  for (const auto& row : rows()) {
    const auto begin = std::sregex_iterator{row.begin(), row.end(), named};
    bool has_proof = row.find("| none: ") != std::string::npos;
    for (auto i = begin; i != std::sregex_iterator{}; ++i) {
      CHECK_MESSAGE(names.contains(i->str()), i->str());
      has_proof = true;
      ++seen;
    }
    CHECK_MESSAGE(has_proof, row);
  }
  CHECK(seen > 100);
}

TEST_CASE("the list of defects has every id once") {
  std::set<std::string> expected;
  const auto add = [&expected](const std::string& letter, int first, int last) {
    for (int n = first; n <= last; ++n)
      expected.insert(letter + std::to_string(n));
  };
  add("G-", 1, 21);
  add("G-", 30, 41);
  add("G-", 50, 63);
  add("G-", 70, 76);
  add("A-", 1, 11);
  add("R-", 1, 19);
  std::set<std::string> ours;
  for (const auto& row : rows()) {
    const auto id = row.substr(2, row.find(' ', 2) - 2);
    if (id.starts_with("F-"))
      CHECK_MESSAGE(ours.insert(id).second, id);
    else if (id.size() > 2 && id[1] == '-')
      CHECK_MESSAGE(expected.erase(id) == 1, id);
  }
  CHECK(expected.empty());
}

TEST_SUITE_END();
