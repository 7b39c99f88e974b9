// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/system_calls.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <linux/perf_event.h>
#include <string>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace fsshare::bench {

namespace {

namespace fs = std::filesystem;

/// Returns what the kernel calls the begin of any system call; nothing where
/// that may not be known.
std::optional<std::uint64_t> begin_of_call() {
  for (const char* mounted :
       {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    std::uint64_t id = 0;
    if (std::ifstream{std::string{mounted}
                      + "/events/raw_syscalls/sys_enter/id"}
        >> id)
      return id;
  }
  return std::nullopt;
}

unique_fd open_counter(std::uint64_t tracepoint, int thread) {
  constexpr int any_processor = -1;
  constexpr int no_group = -1;
  perf_event_attr what{};
  what.type = PERF_TYPE_TRACEPOINT;
  what.size = sizeof what;
  what.config = tracepoint;
  // And of the threads that it will make.
  what.inherit = 1;
  return unique_fd{
    static_cast<int>(::syscall(SYS_perf_event_open, &what, thread,
                               any_processor, no_group, PERF_FLAG_FD_CLOEXEC))};
}

} // namespace

system_calls::system_calls(const std::vector<int>& pids) {
  const auto tracepoint = begin_of_call();
  if (!tracepoint)
    return;
  for (const int pid : pids) {
    std::error_code gone;
    const auto tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : fs::directory_iterator{tasks, gone}) {
      auto counter
        = open_counter(*tracepoint, std::stoi(task.path().filename()));
      if (counter)
        counters_.push_back(std::move(counter));
      else if (errno != ESRCH) {
        // A part of them would be no number.
        counters_.clear();
        return;
      }
    }
  }
}

std::optional<double> system_calls::count() const {
  if (counters_.empty())
    return std::nullopt;
  double out = 0;
  for (const auto& counter : counters_) {
    std::uint64_t one = 0;
    if (::read(counter.get(), &one, sizeof one) != sizeof one)
      return std::nullopt;
    out += static_cast<double>(one);
  }
  return out;
}

} // namespace fsshare::bench
