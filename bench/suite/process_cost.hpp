// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fsshare::bench {

/// Returns the CPU time of all threads of a process since its start, in
/// seconds; throws if there is no such process.
double cpu_seconds(int pid);

/// Counts the peak of the resident memory of a process from now on.
void forget_peak(int pid);

/// Returns how often its threads have waited since its start.
double waits(int pid);

} // namespace fsshare::bench
