// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/guest_copy.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// The guest paths of one sandbox that should be gone and are not. Each is
/// tried again, at every interval and whenever the guest is reached, until it
/// is gone or the sandbox ends. Paths are never used again, so a removal can
/// come at any time.
class debt_list {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit debt_list(std::chrono::nanoseconds interval);

  /// Notes a path that could not be removed at `now`, and why. Idempotent.
  void owe(const std::string& path, std::string reason, time_point now);

  /// Returns the paths whose removal is due; they are no longer until their
  /// outcome is told.
  std::vector<std::string> take_due(time_point now);

  /// Tells what became of a removal. A path that this guest agent cannot remove
  /// is tried again only when it is reached anew. Unknown paths become debts
  /// unless they are removed.
  void tried(const std::string& path, removal_result result, std::string reason,
             time_point now);

  /// Makes all due, as when the guest was reached.
  void retry_now();

  /// Returns when take_due() has something to say.
  std::optional<time_point> next_due() const;

  /// Returns the debts, by path.
  std::vector<skipped_entry> list() const;

private:
  struct debt {
    std::string reason;
    /// Not set while it is tried, and while that would be in vain.
    std::optional<time_point> due;
    bool out = false;
  };

  std::chrono::nanoseconds interval_;
  std::map<std::string, debt> debts_;
};

} // namespace fsshare
