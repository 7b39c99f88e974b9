// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/events/event_filter.hpp"
#include "core/events/node_event.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace fsshare {

/// Where a reader of events is: behind an event of one process.
struct event_cursor {
  /// Tells processes apart; 0 is none: before all events.
  std::uint64_t process = 0;
  std::uint64_t number = 0;

  friend bool operator==(const event_cursor&, const event_cursor&) = default;
};

/// Returns it as text, for callers to hand back.
std::string to_string(const event_cursor& at);

/// Empty is before all events.
/// @returns `errc::invalid_argument` for what to_string() has not made.
result<event_cursor> parse_event_cursor(const std::string& text);

/// An event as it is kept.
struct kept_event {
  /// From 1 on, without gaps.
  std::uint64_t number = 0;
  std::chrono::system_clock::time_point at;
  node_event what;
};

/// Some of the events behind a cursor.
struct event_page {
  std::vector<kept_event> events;
  /// Behind the last event that was looked at.
  event_cursor next;
  /// How many behind the cursor are not kept any more.
  std::uint64_t lost = 0;
  /// The cursor was another process's.
  bool is_restarted = false;
  /// Whether events behind `next` are kept.
  bool has_more = false;
};

/// The latest events, numbered; what is too many, or too large, of them is
/// forgotten from the oldest on.
class event_ring {
public:
  using wall_time = std::chrono::system_clock::time_point;

  struct limits {
    std::size_t events = 8192;
    /// About what they take in memory.
    std::size_t bytes = std::size_t{6} << 20;
    /// Of `detail` of each; more of it loses its middle.
    std::size_t detail_bytes = 512;
  };
  struct page_limits {
    std::size_t events = 500;
    std::size_t bytes = std::size_t{1} << 20;
  };

  /// @param process not 0, and most likely another one in each process.
  event_ring(std::uint64_t process, const limits& most);

  void add(node_event what, wall_time at);

  /// Returns the events behind a cursor that a filter takes.
  event_page read(const event_filter& wanted, const event_cursor& after,
                  const page_limits& most) const;

  /// Returns the latest events that a filter takes, in their order.
  /// @param most of them.
  std::vector<kept_event> latest(const event_filter& wanted,
                                 std::size_t most) const;

  /// Behind the last event.
  event_cursor end() const {
    return {process_, last_};
  }
  /// Of the last event; 0 before the first.
  std::uint64_t last() const {
    return last_;
  }
  std::size_t size() const {
    return kept_.size();
  }
  std::size_t bytes() const {
    return bytes_;
  }

private:
  std::uint64_t process_;
  limits most_;
  std::uint64_t last_ = 0;
  std::size_t bytes_ = 0;
  std::deque<kept_event> kept_;
};

} // namespace fsshare
