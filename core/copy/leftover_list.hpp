// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_order.hpp"
#include "core/copy/leftover_page.hpp"
#include "core/pacing.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// The guest paths of one sandbox that should be gone and are not, or that may
/// come back. Each is tried again, ever more rarely and whenever the guest is
/// reached, until it is gone or the sandbox ends. Paths are never used again,
/// so a removal can come at any time.
///
/// A path costs the same however many there are, and few are tried at a time.
class leftover_list {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// As many paths are tried at a time.
  static constexpr std::size_t most_out = pacing::most_debts_at_once;
  /// So many paths without contents that this guest agent cannot remove are
  /// kept; what goes beyond is counted, and not tried again.
  static constexpr std::size_t most_emptied = 256;

  /// @param interval first wait after a failure; each further one is twice as
  ///        long, up to 5 min.
  explicit leftover_list(std::chrono::nanoseconds interval);

  /// Notes a path that could not be removed at `now`, and why. Idempotent.
  void add(const std::string& path, std::string reason, time_point now);

  /// Returns paths whose removal is due, the longest first; they are no longer
  /// until their outcome is told.
  std::vector<std::string> take_due(time_point now);

  /// Tells what became of a removal. A path that this guest agent cannot remove
  /// is tried again only when it is reached anew. Unknown paths become
  /// leftovers unless they are removed.
  void tried(const std::string& path, removal_result result, std::string reason,
             time_point now);

  /// Tells that a path is gone, or has no contents any more, and that requests
  /// without an answer may make it again, or contents in it: it is removed once
  /// more later, twice. Told again of the same ones, as after these removals,
  /// nothing changes; those of such a removal may be lost, too. Its outcome
  /// itself is told afterwards.
  /// @param lost_at when the latest of them was lost.
  void doubt(const std::string& path, time_point lost_at, time_point now);

  /// Forgets all below a path that is gone: to remove it would make the path
  /// again.
  void forget_below(const std::string& path);

  /// Forgets a path that is to be used again, unless anything may still take
  /// away what is made there: a removal that is out or due later.
  /// @returns whether it may be used.
  bool yield(const std::string& path);

  /// Makes all leftovers due, as when the guest was reached.
  void retry_now();

  /// Returns when take_due() has something to say.
  std::optional<time_point> next_due() const;

  /// Returns which paths have come or gone since the last call: with the
  /// reason, or nothing for what is gone for good.
  std::map<std::string, std::optional<std::string>> take_changes();

  /// Returns the leftovers that come behind a path, as many as `most`, without
  /// what is gone and only doubted; see leftover_index::page().
  leftover_page page(const std::string& after, std::size_t most) const;

private:
  struct leftover {
    std::string reason;
    /// Not set while it is tried, and while that would be in vain.
    std::optional<time_point> due;
    bool out = false;
    /// It is gone; see doubt().
    bool is_gone = false;
    /// What doubt() was last told.
    std::optional<time_point> doubted_for;
    /// When it is removed once more, the last first, whatever is tried sooner.
    std::vector<time_point> again;
    unsigned failures = 0;
  };
  using leftover_map = std::map<std::string, leftover>;

  void set_due(const std::string& path, leftover& d,
               std::optional<time_point> due);
  void take_back(leftover& d);
  void set_next_doubt(const std::string& path, leftover& d, time_point now);
  void wait_for_doubts(leftover_map::iterator at, time_point now);
  leftover_map::iterator erase(leftover_map::iterator at);
  void drop_some_emptied();

  std::chrono::nanoseconds interval_;
  leftover_map leftovers_;
  std::set<std::pair<time_point, std::string>> by_due_;
  /// Those that are not gone.
  leftover_index listed_;
  std::size_t out_ = 0;
  /// Since take_changes().
  std::set<std::string> changed_;
  /// Those of leftovers_ that were emptied at last.
  std::set<std::string> emptied_;
  std::size_t more_emptied_ = 0;
  /// Where those are.
  std::string more_in_;
};

} // namespace fsshare
