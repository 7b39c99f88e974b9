// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <optional>
#include <vector>

namespace fsshare::bench {

/// Counts the system calls of some processes and of all their threads, also of
/// those that begin later, as long as this lives: a tracepoint of the kernel,
/// which makes each call a little slower. Counts nothing where it may not be
/// opened: it takes CAP_PERFMON and tracefs.
class system_calls {
public:
  explicit system_calls(const std::vector<int>& pids);

  /// Returns how many there were; nothing where they are not counted.
  std::optional<double> count() const;

private:
  std::vector<unique_fd> counters_;
};

} // namespace fsshare::bench
