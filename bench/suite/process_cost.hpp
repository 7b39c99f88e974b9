// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

namespace fsshare::bench {

/// Returns a process, and the readers that work for it in processes of their
/// own (sys/process/reader_threads.hpp).
std::vector<int> with_readers(int pid);

/// Counts the CPU time of all threads of a process and its readers from now on.
/// Of readers that end meanwhile it loses count. Throws if there is no such
/// process.
class cpu_meter {
public:
  explicit cpu_meter(int pid);
  double seconds() const;

private:
  static std::map<int, double> read(int pid);

  int pid_;
  std::map<int, double> begin_;
};

/// Counts the peak of the resident memory of a process from now on.
void forget_peak(int pid);

/// Returns how often threads of a process and its readers have waited since
/// their start.
double waits(int pid);

} // namespace fsshare::bench
