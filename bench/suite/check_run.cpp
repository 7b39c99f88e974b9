// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/check_run.hpp"

#include "bench/suite/instruction_counts.hpp"

#include <algorithm>
#include <iostream>
#include <set>
#include <stdexcept>

namespace fsshare::bench {

namespace {

void count(check_counts& counts, const comparison& outcome) {
  std::cout << (outcome.holds ? "ok: " : "FAILED: ") << outcome.sentence
            << std::endl;
  ++(outcome.holds ? counts.passed : counts.failed);
}

/// Measures a row and compares what is known of it.
std::vector<comparison> compare_row(const known_ratios& known,
                                    const row& what) {
  constexpr std::size_t ours_and_peer = 2;
  const auto got = measure(what, ours_and_peer);
  std::vector<comparison> out;
  if (const auto at = known.times.find(what.id); at != known.times.end())
    out.push_back(
      compare_ratio(what.id + ", time", got.ratio(), at->second, known.margin));
  if (const auto at = known.cpus.find(what.id); at != known.cpus.end())
    out.push_back(compare_ratio(what.id + ", CPU", got.cpu_ratio(), at->second,
                                known.margin));
  return out;
}

/// That a machine does something else for a moment is no loss.
std::vector<comparison> compare_row_twice(const known_ratios& known,
                                          const row& what) {
  auto out = compare_row(known, what);
  const auto lost = std::find_if(out.begin(), out.end(), [](const auto& each) {
    return !each.holds;
  });
  if (lost == out.end())
    return out;
  std::cout << "again: " << lost->sentence << std::endl;
  return compare_row(known, what);
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
  std::set<std::string> ids;
  for (const auto* ratios : {&known.times, &known.cpus})
    for (const auto& [id, ratio] : *ratios)
      ids.insert(id);
  for (const auto& id : ids)
    for (const auto& outcome : compare_row_twice(known, row_of(id, rows)))
      count(out, outcome);
  const auto counted = count_instructions();
  for (const auto& [what, recorded] : known.instructions)
    if (counted.empty())
      ++out.skipped;
    else
      count(out, compare_instructions(what, counted.at(what), recorded,
                                      known.instructions_margin));
  return out;
}

} // namespace fsshare::bench
