// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/events/event_filter.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fsshare {

/// Who waits for events, and for how long: a bounded number, of each client and
/// of all.
///
/// An event answers nobody at once: those it concerns are due a moment later,
/// with what comes together with it. So a burst of events costs each waiter one
/// answer, however many they are.
class event_waiters {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using id = std::uint64_t;

  struct limits {
    std::size_t each = 8;
    std::size_t all = 64;
    /// From the first event that concerns a waiter to its answer.
    std::chrono::nanoseconds gather{0};
  };

  explicit event_waiters(const limits& most) : most_(most) {
  }

  /// @returns why nobody more may wait; then nothing is changed.
  std::optional<std::string> add(id waiter, std::uint64_t client,
                                 event_filter wanted, time_point until);

  /// Something happened.
  void happened(const node_event& what, time_point now);

  /// Takes those that are to be answered now.
  std::vector<id> due(time_point now);
  /// Takes those of a client.
  std::vector<id> gone(std::uint64_t client);

  std::optional<time_point> next_due() const;
  std::size_t size() const {
    return waiting_.size();
  }

private:
  struct entry {
    std::uint64_t client = 0;
    event_filter wanted;
    time_point until;
  };
  using waiters = std::map<id, entry>;

  void erase(waiters::iterator which);

  limits most_;
  waiters waiting_;
  /// Those that nothing has happened for.
  std::set<id> idle_;
  std::set<std::pair<time_point, id>> due_;
  std::map<std::uint64_t, std::size_t> each_;
};

} // namespace fsshare
