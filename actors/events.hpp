// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/events/event_ring.hpp"
#include "core/events/event_waiters.hpp"
#include "core/pacing.hpp"
#include "messages/events.hpp"
#include "messages/reply_promise.hpp"
#include "messages/state_actor.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

namespace fsshare {

struct events_options {
  event_ring::limits kept = {};
  event_ring::page_limits page = {};
  event_waiters::limits waiting{8, 64, pacing::event_gather};
  /// What the clock on the wall says; null for none.
  std::function<event_ring::wall_time()> wall_clock = nullptr;
  /// See event_ring.
  std::uint64_t process = 1;
};

/// What EVENTS owns: the ring of events, and who waits for the next ones.
class events_state {
public:
  using handle = events_actor;
  static constexpr const char* name = "events";
  using time_point = event_waiters::time_point;

  events_state(handle::pointer self, events_options options);
  ~events_state();
  events_state(const events_state&) = delete;
  events_state& operator=(const events_state&) = delete;

  handle::behavior_type make_behavior();

private:
  struct caller {
    watch_events asked;
    reply_promise<event_page> promise;
  };

  void add(node_event what);
  caf::result<event_page> watch(const watch_events& msg);
  event_page read(const watch_events& asked) const;
  void answer(const std::vector<event_waiters::id>& which);
  void arm();
  metrics_part measure() const;
  time_point now() const;

  handle::pointer self_;
  events_options options_;
  event_ring ring_;
  event_waiters waiting_;
  std::map<event_waiters::id, caller> callers_;
  event_waiters::id last_ = 0;
  std::optional<time_point> armed_;
  std::uint64_t turn_ = 0;
};

/// Spawn this.
using event_keeper = state_actor<events_state>;

} // namespace fsshare
