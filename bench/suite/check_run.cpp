// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/check_run.hpp"

#include "bench/suite/instruction_counts.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace fsshare::bench {

namespace {

void count(check_counts& counts, const comparison& outcome) {
  std::cout << (outcome.holds ? "ok: " : "FAILED: ") << outcome.sentence
            << std::endl;
  ++(outcome.holds ? counts.passed : counts.failed);
}

/// That a machine does something else for a moment is no loss.
comparison check_row(const known_ratios& known, const row& what) {
  const auto once = [&] {
    constexpr std::size_t ours_and_peer = 2;
    return compare_ratio(known, what.id, measure(what, ours_and_peer).ratio());
  };
  const auto first = once();
  if (first.holds)
    return first;
  std::cout << "again: " << first.sentence << std::endl;
  return once();
}

const row& row_of(const std::string& id, const std::vector<row>& rows) {
  const auto found
    = std::find_if(rows.begin(), rows.end(), [&id](const row& each) {
        return each.id == id;
      });
  if (found == rows.end())
    throw std::invalid_argument{id + " has a ratio, and is no row"};
  return *found;
}

} // namespace

int check_counts::finish() const {
  std::cout << passed << " passed, " << failed << " failed";
  if (skipped > 0)
    std::cout << ", " << skipped << " skipped";
  std::cout << std::endl;
  return passed > 0 && failed == 0 ? 0 : 1;
}

check_counts check_against(const known_ratios& known,
                           const std::vector<row>& rows) {
  check_counts out;
  for (const auto& [id, ratio] : known.ratios)
    count(out, check_row(known, row_of(id, rows)));
  const auto counted = count_instructions();
  for (const auto& [what, recorded] : known.instructions)
    if (counted.empty())
      ++out.skipped;
    else
      count(out, compare_instructions(known, what, counted.at(what)));
  return out;
}

} // namespace fsshare::bench
