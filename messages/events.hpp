// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/events/event_ring.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"
#include "messages/metrics.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace fsshare {

/// In the order in which it happened.
struct happened {
  std::vector<node_event> events;
};

struct watch_events {
  /// The connection that asks.
  std::uint64_t client = 0;
  event_filter wanted = {};
  event_cursor after = {};
  /// Without a cursor: from now on.
  bool only_new = false;
  /// More than pacing::event_wait is taken for that.
  std::chrono::nanoseconds wait{0};
};

struct latest_events {
  event_filter wanted = {};
  std::size_t most = 0;
};
struct events_told {
  std::vector<kept_event> events;
};

struct watcher_gone {
  std::uint64_t client = 0;
};

struct events_tick {
  std::uint64_t turn = 0;
};

} // namespace fsshare

FSSHARE_MESSAGES(events, 11, node_event, happened, watch_events, event_page,
                 latest_events, events_told, watcher_gone, events_tick)

namespace fsshare {

/// Who is told what happened: EVENTS.
using event_sink = caf::typed_actor<
  // Something happened.
  msg<node_event>,
  // Several things have.
  msg<happened>>;

/// EVENTS: one per process; keeps what happened lately.
using events_actor = event_sink::extend<
  // What happened behind a cursor? Answered at once where anything did, or was
  // lost; otherwise a moment after the next event that is wanted, or with
  // nothing when the wait is over. Fails RESOURCE_EXHAUSTED where too many
  // wait.
  rpc<watch_events, event_page>,
  // What has happened last? Answered at once.
  rpc<latest_events, events_told>,
  // A connection has ended: nobody on it waits any more.
  msg<watcher_gone>,
  // INTERNAL: somebody has waited for long enough.
  msg<events_tick>,
  // What was counted, see metrics_source.
  rpc<describe_metrics, metrics_part>>;

/// Tells what happened, where anybody is told.
inline void note(const event_sink& to, node_event what) {
  if (to)
    tell(to, std::move(what));
}

/// Tells all of it with one message.
inline void note(const event_sink& to, std::vector<node_event> what) {
  if (to && !what.empty())
    tell(to, happened{std::move(what)});
}

} // namespace fsshare
