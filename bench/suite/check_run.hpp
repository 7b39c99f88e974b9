// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/suite/ratio_check.hpp"
#include "bench/suite/row.hpp"

#include <cstddef>
#include <vector>

namespace fsshare::bench {

/// How many comparisons have held, failed, and could not be made here.
struct check_counts {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;

  /// Prints the counts.
  /// @returns the exit code: 0 if something has held, and nothing failed.
  int finish() const;
};

/// Measures the rows that have a ratio, and the instructions, and says what
/// each comparison has come to. What fails is measured again, once. Throws if a
/// ratio is that of no row.
check_counts check_against(const known_ratios& known,
                           const std::vector<row>& rows);

} // namespace fsshare::bench
