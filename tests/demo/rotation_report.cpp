// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/rotation_report.hpp"

#include "tests/support/text_table.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace fsshare::demo {

namespace {

using test::milliseconds;

std::string in_ms(milliseconds time) {
  char text[32] = {};
  std::snprintf(text, sizeof text, "%.2f ms", time.count());
  return text;
}

std::string cell_of(const test::arrival& got) {
  if (got.superseded_by)
    return "superseded by " + *got.superseded_by;
  return got.lag ? (got.is_bound ? "< " : "") + in_ms(*got.lag) : "missing";
}

std::string summary(std::vector<milliseconds> lags) {
  if (lags.empty())
    return "no lag was measured";
  std::sort(lags.begin(), lags.end());
  const auto half = lags.size() / 2;
  const auto median
    = lags.size() % 2 == 1 ? lags[half] : (lags[half - 1] + lags[half]) / 2;
  return "lag: median " + in_ms(median) + ", max " + in_ms(lags.back()) + " of "
         + std::to_string(lags.size()) + " arrivals";
}

} // namespace

void report_rotations(const std::vector<test::made_rotation>& rotations,
                      const std::vector<std::string>& containers,
                      const test::data_observer& observer,
                      test::transcript& out) {
  std::vector<test::table_row> rows{{"#", "CHANGE", "GENERATION"}};
  rows.front().insert(rows.front().end(), containers.begin(), containers.end());
  std::vector<milliseconds> lags;
  std::vector<bool> arrived(rotations.size(), true);
  for (std::size_t i = 0; i < rotations.size(); ++i) {
    test::table_row cells{std::to_string(i + 1), rotations[i].what,
                          rotations[i].generation};
    for (std::size_t dir = 0; dir < containers.size(); ++dir) {
      const auto got = test::arrival_of(rotations, i, observer.seen(dir));
      cells.push_back(cell_of(got));
      if (got.lag)
        lags.push_back(*got.lag);
      arrived[i] = arrived[i] && got.good;
    }
    rows.push_back(std::move(cells));
  }
  out.say(test::text_table(rows) + summary(std::move(lags)));
  for (std::size_t i = 0; i < rotations.size(); ++i)
    out.check(arrived[i], "rotation " + std::to_string(i + 1)
                            + ", or a newer "
                              "one, reached every guest directory");
}

} // namespace fsshare::demo
