// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/figure.hpp"
#include "bench/suite/row.hpp"

#include <string>
#include <utility>
#include <vector>

namespace fsshare::bench {

/// What was measured where: `machine` are names and values for people, such as
/// the processor and the versions of the programs.
struct report {
  std::vector<std::pair<std::string, std::string>> machine;
  std::vector<row_result> rows;
  std::vector<figure> figures;
};

/// Returns a time with a unit that suits it and three digits, such as `1.32 s`.
std::string time_text(double seconds);

/// Returns tables of Markdown, after what it was measured on.
std::string to_markdown(const report& what);

/// Returns the same as JSON, with times in seconds.
std::string to_json(const report& what);

} // namespace fsshare::bench
