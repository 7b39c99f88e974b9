// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace fsshare::bench {

/// What one run of a piece of work took. What was not measured is zero.
struct sample {
  double seconds = 0;
  /// 99 of 100 parts of the work took no longer.
  double p99_seconds = 0;
  /// Of the process that is measured, in user and kernel mode.
  double cpu_seconds = 0;
  /// Of the guest stand-in that it works with.
  double guest_cpu_seconds = 0;
  /// By which its resident memory was greater at most than before the work.
  double growth_mib = 0;
  /// Sent to the guest.
  double requests = 0;
  /// Of the process that is measured, all its threads.
  double system_calls = 0;
};

/// Returns the middle of some numbers, the upper one of two; 0 of none.
double median(std::vector<double> of);

/// Returns the least number that at least `part` of them (0 to 1) do not
/// exceed; 0 of none.
double quantile(std::vector<double> of, double part);

/// Returns the median of each member.
sample medians(const std::vector<sample>& of);

} // namespace fsshare::bench
