// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace fsshare {

/// Thrown by read_progress::step() in a read that nobody waits for any more.
struct read_abandoned {};

/// How far a read is, between the thread that reads and whoever waits for it.
class read_progress {
public:
  /// Called by the reader between any two file system operations.
  void step() {
    if (abandoned_.load(std::memory_order_relaxed))
      throw read_abandoned{};
    steps_.fetch_add(1, std::memory_order_relaxed);
  }

  /// Counts the steps.
  std::uint64_t steps() const {
    return steps_.load(std::memory_order_relaxed);
  }

  /// Ends the read at its next step.
  void abandon() {
    abandoned_.store(true, std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> steps_{0};
  std::atomic<bool> abandoned_{false};
};

} // namespace fsshare
