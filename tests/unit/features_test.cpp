// SPDX-License-Identifier: Apache-2.0
#include "core/api/features.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

using namespace fsshare;

TEST_CASE("the features are those of docs/integration.md, in its order") {
  auto text = test::read_file("docs/integration.md");
  text = text.substr(text.find("| Feature |"));
  text = text.substr(0, text.find("\n\n"));
  const std::regex row{"\n\\| `([^`]+)` \\|"};
  std::vector<std::string> documented;
  for (std::sregex_iterator at{text.begin(), text.end(), row}, end; at != end;
       ++at)
    documented.push_back(at->str(1));
  const std::vector<std::string> known{api_features.begin(),
                                       api_features.end()};
  CHECK(documented == known);
  CHECK(std::is_sorted(known.begin(), known.end()));
}
