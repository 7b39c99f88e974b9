// SPDX-License-Identifier: Apache-2.0
#include "tests/gameday/known_troubles.hpp"
#include "tests/metrics/deployed_queries.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace fsshare::test;

namespace {

const std::string guide = "docs/troubleshooting.md";

/// The section of the guide below a heading, up to the next one.
std::string section(const std::string& heading) {
  const auto text = read_file(guide);
  const auto begin = text.find("\n## " + heading + "\n");
  if (begin == std::string::npos)
    return {};
  return text.substr(begin, text.find("\n## ", begin + 1) - begin);
}

/// The text that stands in a section, whatever lines it is broken into.
bool says(const std::string& in, const std::string& part) {
  auto text = in;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("gameday/guide");

TEST_CASE("each trouble of the list is injected by a test, and by one") {
  auto injected = injected_trouble::all();
  std::vector<std::string> known;
  for (const auto& each : known_troubles())
    known.push_back(each.what);
  std::sort(injected.begin(), injected.end());
  std::sort(known.begin(), known.end());
  CHECK(injected == known);
  CHECK(known.size() == 10);
}

TEST_CASE("the table of the guide is what the tests see") {
  const auto text = read_file(guide);
  CHECK_MESSAGE(text.find("\n" + troubles_as_markdown() + "\n")
                  != std::string::npos,
                troubles_as_markdown());
}

TEST_CASE("each trouble has a section by its symptom, with the command, its "
          "words, the metric, the alert and the cure") {
  for (const auto& each : known_troubles()) {
    INFO(each.what);
    const auto found = section(each.symptom);
    REQUIRE_MESSAGE(!found.empty(), each.symptom);
    for (const auto& part : {each.command, each.words, each.alert})
      CHECK_MESSAGE(says(found, part), part);
    CHECK(says(found, "**Cure:** "));
  }
}

TEST_CASE("each alert of the rules is named in the guide") {
  const auto text = read_file(guide);
  std::size_t alerts = 0;
  for (const auto& each : rule_queries()) {
    const std::string kind = "- alert: ";
    if (!each.where.starts_with(kind))
      continue;
    ++alerts;
    const auto name = "`" + each.where.substr(kind.size()) + "`";
    CHECK_MESSAGE(text.find(name) != std::string::npos, name);
  }
  CHECK(alerts > 10);
}
