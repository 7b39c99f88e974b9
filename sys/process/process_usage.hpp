// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fsshare {

/// What this process takes of the machine.
struct process_usage {
  /// User and system.
  std::chrono::nanoseconds processor{0};
  std::uint64_t resident_bytes = 0;
  std::size_t threads = 0;
  std::size_t descriptors = 0;
  std::size_t most_descriptors = 0;
};

/// Reads it (getrusage(2), proc(5)); what the kernel does not tell is 0.
process_usage own_usage();

} // namespace fsshare
