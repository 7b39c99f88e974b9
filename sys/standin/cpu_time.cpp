// SPDX-License-Identifier: Apache-2.0
#include "sys/standin/cpu_time.hpp"

#include <ctime>

namespace fsshare {

namespace {

// CPU time of this thread, so that being preempted does not count.
std::chrono::nanoseconds used_by_thread() {
  timespec t = {};
  // Fails for unknown clocks only.
  static_cast<void>(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

} // namespace

void use_cpu(std::chrono::nanoseconds time) {
  if (time <= std::chrono::nanoseconds::zero())
    return;
  const auto until = used_by_thread() + time;
  while (used_by_thread() < until) {
  }
}

} // namespace fsshare
