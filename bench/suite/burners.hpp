// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace fsshare::bench {

/// Whether something else wants the processors, too.
enum class machine_load { quiet, busy };

/// A thread for each processor that never waits, at ordinary priority, as long
/// as this lives; none on a quiet machine.
class burners {
public:
  explicit burners(machine_load load) {
    if (load == machine_load::quiet)
      return;
    for (unsigned n = 0; n < std::thread::hardware_concurrency(); ++n)
      threads_.emplace_back([this] {
        while (!ends_)
          turns_.fetch_add(1, std::memory_order_relaxed);
      });
  }
  ~burners() {
    ends_ = true;
    for (auto& thread : threads_)
      thread.join();
  }
  burners(const burners&) = delete;
  burners& operator=(const burners&) = delete;

private:
  std::atomic<bool> ends_ = false;
  std::atomic<unsigned long> turns_ = 0;
  std::vector<std::thread> threads_;
};

} // namespace fsshare::bench
