// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/process_cost.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace fsshare::bench {

double cpu_seconds(int pid) {
  // Unlike /proc it counts in nanoseconds, and threads that have ended.
  clockid_t clock = {};
  timespec at{};
  if (::clock_getcpuclockid(pid, &clock) != 0
      || ::clock_gettime(clock, &at) != 0)
    throw std::runtime_error{"CPU time of process " + std::to_string(pid)
                             + ": no such process"};
  return static_cast<double>(at.tv_sec)
         + static_cast<double>(at.tv_nsec) * 1e-9;
}

void forget_peak(int pid) {
  // 5 sets VmHWM back to VmRSS (proc(5)).
  std::ofstream{"/proc/" + std::to_string(pid) + "/clear_refs"} << 5;
}

double waits(int pid) {
  double out = 0;
  const std::filesystem::path tasks{"/proc/" + std::to_string(pid) + "/task"};
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    std::ifstream status{task.path() / "status"};
    for (std::string word; status >> word;)
      if (word == "voluntary_ctxt_switches:") {
        double count = 0;
        status >> count;
        out += count;
      }
  }
  return out;
}

} // namespace fsshare::bench
