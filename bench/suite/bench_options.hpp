// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/row.hpp"

#include <string>
#include <variant>

namespace fsshare::bench {

struct bench_options {
  extent how_much = extent::usual;
  /// Only rows and figures whose id begins with this.
  std::string only;
  /// How often each side does the work of a row; 0: as the row says.
  int repeats = 0;
  /// Where the report is written to, as JSON and as Markdown; empty: nowhere.
  std::string json_file;
  std::string markdown_file;
  /// Ratios to compare with; empty: nothing is compared.
  std::string check_file;
  /// Where the plots of cost curves are written to; empty: none are measured.
  std::string curves_file;
};

/// @returns the exit code where there is nothing to do.
std::variant<bench_options, int> parse_options(int argc, char** argv);

} // namespace fsshare::bench
