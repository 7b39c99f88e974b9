// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/process_cost.hpp"

#include "sys/process/reader_threads.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

namespace fsshare::bench {

namespace {

std::string proc_dir(int pid) {
  return "/proc/" + std::to_string(pid);
}

std::filesystem::directory_iterator tasks_of(int pid) {
  std::error_code gone;
  return std::filesystem::directory_iterator{proc_dir(pid) + "/task", gone};
}

bool is_reader(int pid) {
  std::string name;
  std::getline(std::ifstream{proc_dir(pid) + "/comm"}, name);
  return name == reader_process_name;
}

/// Unlike /proc it counts in nanoseconds, and threads that have ended.
std::optional<double> cpu_seconds(int pid) {
  clockid_t clock = {};
  timespec at{};
  if (::clock_getcpuclockid(pid, &clock) != 0
      || ::clock_gettime(clock, &at) != 0)
    return std::nullopt;
  return static_cast<double>(at.tv_sec)
         + static_cast<double>(at.tv_nsec) * 1e-9;
}

} // namespace

std::vector<int> with_readers(int pid) {
  std::vector<int> out{pid};
  for (const auto& task : tasks_of(pid)) {
    std::ifstream children{task.path() / "children"};
    for (int child = 0; children >> child;)
      if (is_reader(child))
        out.push_back(child);
  }
  return out;
}

cpu_meter::cpu_meter(int pid) : pid_(pid), begin_(read(pid)) {
}

double cpu_meter::seconds() const {
  double out = 0;
  for (const auto& [pid, now] : read(pid_)) {
    const auto before = begin_.find(pid);
    out += before == begin_.end() ? now : now - before->second;
  }
  return out;
}

std::map<int, double> cpu_meter::read(int pid) {
  std::map<int, double> out;
  for (const int each : with_readers(pid))
    if (const auto seconds = cpu_seconds(each))
      out[each] = *seconds;
  if (!out.contains(pid))
    throw std::runtime_error{"CPU time of process " + std::to_string(pid)
                             + ": no such process"};
  return out;
}

void forget_peak(int pid) {
  // 5 sets VmHWM back to VmRSS (proc(5)).
  std::ofstream{proc_dir(pid) + "/clear_refs"} << 5;
}

double waits(int pid) {
  double out = 0;
  for (const int each : with_readers(pid))
    for (const auto& task : tasks_of(each)) {
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
