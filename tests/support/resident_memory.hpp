// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace fsshare::test {

/// Returns the most memory that a process has had so far, in bytes (VmHWM of
/// proc(5)); 0 if there is no such process.
inline std::uint64_t peak_memory(int pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::uint64_t kib = 0;
      status >> kib;
      return kib << 10;
    }
  return 0;
}

} // namespace fsshare::test
