// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace fsshare::test {

/// Returns a number of /proc/PID/status in bytes; 0 if there is no such
/// process.
inline std::uint64_t memory_of(int pid, const std::string& name) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string word; status >> word;)
    if (word == name + ":") {
      std::uint64_t kib = 0;
      status >> kib;
      return kib << 10;
    }
  return 0;
}

/// Returns the most memory that a process has had so far, in bytes (VmHWM of
/// proc(5)); 0 if there is no such process.
inline std::uint64_t peak_memory(int pid) {
  return memory_of(pid, "VmHWM");
}

/// Returns the memory that a process has now, in bytes (VmRSS of proc(5)).
inline std::uint64_t resident_memory(int pid) {
  return memory_of(pid, "VmRSS");
}

} // namespace fsshare::test
