// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process_usage.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace fsshare::test {

namespace {

namespace fs = std::filesystem;

/// Returns the number behind `name` in /proc/PID/status.
std::size_t number_of(const std::string& dir, const std::string& name) {
  std::ifstream in{dir + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name)) {
      std::istringstream rest{line.substr(name.size())};
      std::size_t number = 0;
      if (rest >> number)
        return number;
    }
  throw std::runtime_error("no " + name + " in " + dir + "/status");
}

} // namespace

process_usage usage_of(int pid) {
  const auto dir = "/proc/" + std::to_string(pid);
  process_usage out;
  out.rss_kib = number_of(dir, "VmRSS:");
  out.threads = number_of(dir, "Threads:");
  for (const auto& entry : fs::directory_iterator{dir + "/fdinfo"}) {
    ++out.descriptors;
    // One line per watch: proc(5).
    std::ifstream in{entry.path()};
    for (std::string line; std::getline(in, line);)
      out.watches += line.starts_with("inotify ") ? 1U : 0U;
  }
  return out;
}

process_usage usage_at_rest(int pid) {
  constexpr int enough = 10;
  constexpr int most = 500;
  auto out = usage_of(pid);
  for (int same = 0, i = 0; same < enough && i < most; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    const auto next = usage_of(pid);
    same = next.descriptors == out.descriptors ? same + 1 : 0;
    out = next;
  }
  return out;
}

} // namespace fsshare::test
