// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fsshare::bench {

/// Measured points of one quantity against another, both greater than zero.
struct plot {
  std::string x_label;
  std::string y_label;
  std::vector<std::pair<double, double>> points;
};

/// Draws plots in rows of `columns`, each with logarithmic axes of its own, so
/// that what grows linearly rises by one unit to the right and one up; a dashed
/// line of that slope shows it. Returns an SVG document.
std::string to_svg(const std::vector<plot>& plots, std::size_t columns);

/// Returns the slope of the line that fits the points best, both axes
/// logarithmic: 1 is linear, 2 quadratic; 0 of less than two points.
double growth_of(const std::vector<std::pair<double, double>>& points);

} // namespace fsshare::bench
