// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/svg_plot.hpp"

#include <string>
#include <utility>
#include <vector>

namespace fsshare::bench {

/// What a rotation costs against how much rotates.
struct cost_curve {
  /// What grows: `volumes`.
  std::string of;
  /// Time in milliseconds until the last copy has it.
  std::vector<std::pair<double, double>> time;
  /// Peak of the resident memory in MiB.
  std::vector<std::pair<double, double>> memory;
};

/// Returns the numbers as a table of Markdown, with the exponents of growth.
std::string curves_markdown(const std::vector<cost_curve>& curves);

/// Returns the plots: times above, memory below.
std::vector<plot> curve_plots(const std::vector<cost_curve>& curves);

} // namespace fsshare::bench
