// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_order.hpp"
#include "core/copy/leftover_page.hpp"
#include "core/copy/skipped_list.hpp"
#include "core/pacing.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// The names of one place in a guest that should be gone, and when each is to
/// be removed, or tried again.
///
/// Each name has a back-off of its own, so one that cannot be removed holds up
/// no other, and names that were tried before come a few at a time, however
/// many there are. Passive; a call takes logarithmic time for each name that it
/// is about.
class removal_list {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// How many names take() returns at most that were not tried yet.
  static constexpr std::size_t most_new = pacing::most_new_removals;
  /// How many that were, and how long it then returns no more of them.
  static constexpr std::size_t most_retries = pacing::most_removals_again;
  static constexpr auto retry_pause = pacing::removals_again;
  /// How long a request without an answer is taken to be able to happen.
  static constexpr auto longest_lateness = pacing::longest_lateness;

  /// So many names without contents that cannot be removed are kept; what goes
  /// beyond is counted.
  static constexpr std::size_t most_emptied = 256;

  /// @param seed Of the jitter of retries.
  explicit removal_list(std::uint32_t seed = 1);

  /// A name shall go, from a time on; the earliest counts. A name that was
  /// tried keeps its back-off.
  void add(const std::string& name, time_point from);

  /// A name may stay.
  void forget(const std::string& name);

  /// Requests without an answer may make a name again until long after `since`:
  /// once it is removed, it is removed again at growing intervals.
  void may_come_back(const std::string& name, time_point since);

  /// Returns names that are due; they are no longer until their outcome is
  /// told.
  std::vector<std::string> take(time_point now);

  /// Tells what became of a removal. Names that this guest agent cannot remove
  /// are not tried again by themselves.
  void tried(const std::string& name, removal_result result,
             const std::string& reason, time_point now);

  /// Makes all due that were not removed, as when the guest was reached again:
  /// it may be another guest agent, or have another policy.
  void retry_now(time_point now);

  /// Returns whether a name waits for its first try, or for its outcome.
  bool is_untried(const std::string& name) const;
  /// Returns whether the removal of a name is out.
  bool is_out(const std::string& name) const {
    return out_.contains(name);
  }
  bool contains(const std::string& name) const {
    return names_.contains(name);
  }
  /// Returns whether a name that is gone may come back.
  bool may_come_back(const std::string& name) const;
  /// When requests lost their answers that may make a name again; nothing if
  /// none is known.
  std::optional<time_point> lost_at(const std::string& name) const;
  /// Returns whether all is gone that another try may remove.
  bool is_settled() const {
    return open_ == 0;
  }
  std::optional<time_point> next_due() const;

  /// How many names were tried and are still there.
  std::size_t leftovers() const {
    return left_.size();
  }
  /// Those that come behind a name, with the reason; see
  /// leftover_index::page().
  leftover_page leftovers(const std::string& after, std::size_t most) const;
  /// Names that neither this guest agent nor its policy lets go.
  const std::set<std::string>& not_removable() const {
    return not_removable_;
  }
  /// How many more there are, all of them without contents.
  std::size_t more_emptied() const {
    return more_emptied_;
  }
  /// All names that may be there: those that shall go, those that may come
  /// back, and those that stay without contents.
  std::vector<std::string> all() const;
  /// Returns whether a name stays without contents, and is never tried again.
  bool is_emptied(const std::string& name) const {
    return emptied_.contains(name);
  }

private:
  struct name_state {
    std::optional<removal_result> result;
    std::string reason;
    std::optional<backoff> delays;
    std::optional<time_point> due;
    /// When requests that may make it again lost their answers.
    std::optional<time_point> lost_at;
  };
  using name_map = std::map<std::string, name_state>;
  using due_set = std::set<std::pair<time_point, std::string>>;

  static bool is_open(const name_state& state);
  due_set& due_set_of(const name_state& state);
  void set_due(name_map::iterator which, std::optional<time_point> due);
  void set_result(name_map::iterator which, removal_result result,
                  const std::string& reason);
  void removed(name_map::iterator which, time_point now);
  void keep_emptied(name_map::iterator which);
  void take_from(due_set& from, std::size_t most, time_point now,
                 std::vector<std::string>& into);

  std::uint32_t seeds_;
  name_map names_;
  /// Those that were not tried yet, and those that were.
  due_set new_;
  due_set retries_;
  std::set<std::string> out_;
  leftover_index left_;
  std::set<std::string> not_removable_;
  /// Not before this are names tried again.
  std::optional<time_point> retries_from_;
  std::size_t open_ = 0;
  /// Those of names_ that are never tried again.
  std::set<std::string> emptied_;
  std::size_t more_emptied_ = 0;
};

} // namespace fsshare
