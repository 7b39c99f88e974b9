// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace fsshare {

using destination_id = std::uint64_t;

/// Which destinations of one volume have to be looked at, so that what concerns
/// one costs the same however many others there are.
///
/// A destination is looked at when something was told of it, when it is due,
/// and while somebody waits for it. All are when the volume has changed; where
/// it was only read again, those that want its contents.
class destination_agenda {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What destinations see of their volume.
  struct host_view {
    /// See host_volume of each.
    std::uint64_t sequence = 0;
    std::optional<time_point> unread_since = std::nullopt;
    std::uint64_t reads = 0;
  };

  /// Whether a destination wants the contents of the volume in memory.
  enum class contents : std::uint8_t {
    unwanted,
    wanted,
    /// And could send them at once.
    needed,
  };

  /// What a destination is found to wait for.
  struct wishes {
    contents of_host = contents::unwanted;
    /// Somebody waits for it to be current.
    enum class caller : std::uint8_t { none, waits };
    caller waiting = caller::none;
    std::optional<time_point> due = std::nullopt;
  };

  /// Something has happened to a destination, or is to be looked for in all.
  void touch(destination_id id);
  void touch_all();

  /// Returns the destinations of `all` that have to be looked at now, in the
  /// order of their numbers, and forgets why.
  /// @param all From number to anything, in the order of numbers.
  template <class T>
  std::vector<destination_id> take(const std::map<destination_id, T>& all,
                                   const host_view& seen, time_point now) {
    if (!takes_all(seen))
      return take_some(seen, now);
    touched_.clear();
    std::vector<destination_id> out;
    out.reserve(all.size());
    for (const auto& entry : all)
      out.push_back(entry.first);
    return out;
  }

  /// Notes what a destination waits for from now on.
  void note(destination_id id, const wishes& found);

  /// Forgets a destination. Idempotent.
  void erase(destination_id id);

  /// Whether any wants contents in memory, and could send them at once.
  bool wants_contents() const {
    return !wanting_.empty();
  }
  bool needs_contents() const {
    return !needing_.empty();
  }

  /// When the next one has to be looked at.
  std::optional<time_point> due() const;

private:
  bool takes_all(const host_view& seen);
  std::vector<destination_id> take_some(const host_view& seen, time_point now);
  void set_due(destination_id id, const std::optional<time_point>& due);

  bool all_touched_ = false;
  std::set<destination_id> touched_;
  std::set<destination_id> waiting_;
  std::set<destination_id> wanting_;
  std::set<destination_id> needing_;
  std::set<std::pair<time_point, destination_id>> by_due_;
  std::map<destination_id, time_point> due_;
  host_view seen_;
};

} // namespace fsshare
