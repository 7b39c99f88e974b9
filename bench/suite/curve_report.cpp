// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/curve_report.hpp"

#include <cstdio>

namespace fsshare::bench {

std::string curves_markdown(const std::vector<cost_curve>& curves) {
  std::string out = "| Rotation of | Time, ms | Peak of memory, MiB |\n"
                    "|---|---|---|\n";
  char line[160] = {};
  for (const auto& each : curves) {
    for (std::size_t n = 0; n < each.time.size(); ++n) {
      std::snprintf(line, sizeof line, "| %.0f %s | %.2f | %.1f |\n",
                    each.time[n].first, each.of.c_str(), each.time[n].second,
                    each.memory.at(n).second);
      out += line;
    }
    std::snprintf(
      line, sizeof line, "| %s: grows with the power of | %.2f | %.2f |\n",
      each.of.c_str(), growth_of(each.time), growth_of(each.memory));
    out += line;
  }
  return out;
}

std::vector<plot> curve_plots(const std::vector<cost_curve>& curves) {
  std::vector<plot> out;
  out.reserve(2 * curves.size());
  for (const auto& each : curves)
    out.push_back({each.of, "time of a rotation, ms", each.time});
  for (const auto& each : curves)
    out.push_back({each.of, "peak of memory, MiB", each.memory});
  return out;
}

} // namespace fsshare::bench
