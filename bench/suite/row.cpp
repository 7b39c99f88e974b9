// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/row.hpp"

#include <algorithm>

namespace fsshare::bench {

namespace {

double second_to_first(const std::vector<side_result>& sides,
                       double sample::*member) {
  if (sides.size() < 2 || sides[0].middle.*member <= 0)
    return 0;
  return sides[1].middle.*member / (sides[0].middle.*member);
}

} // namespace

double row_result::ratio() const {
  return second_to_first(sides, &sample::seconds);
}

double row_result::cpu_ratio() const {
  return second_to_first(sides, &sample::cpu_seconds);
}

bool row_result::is_met() const {
  const bool is_fast = wanted.least_ratio <= 0 || ratio() >= wanted.least_ratio;
  const bool is_short = wanted.most_seconds <= 0
                        || sides.at(0).middle.seconds <= wanted.most_seconds;
  return is_fast && is_short;
}

row_result measure(const row& what, std::size_t most_sides) {
  auto sides = what.make();
  sides.resize(std::min(most_sides, sides.size()));
  std::vector<std::vector<sample>> taken(sides.size());
  std::vector<std::size_t> order;
  for (std::size_t n = 0; n < sides.size(); ++n)
    order.push_back(n);
  for (int turn = 0; turn < what.repeats; ++turn) {
    for (const auto n : order)
      taken[n].push_back(sides[n].run());
    // None is always the first after another.
    std::reverse(order.begin(), order.end());
  }
  row_result out{what.id, what.work, what.wanted, {}};
  for (std::size_t n = 0; n < sides.size(); ++n)
    out.sides.push_back({sides[n].name, medians(taken[n])});
  return out;
}

} // namespace fsshare::bench
