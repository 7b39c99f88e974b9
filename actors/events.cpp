// SPDX-License-Identifier: Apache-2.0
#include "actors/events.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

events_state::events_state(handle::pointer self, events_options options)
  : self_(self), options_(std::move(options)),
    ring_(options_.process, options_.kept), waiting_(options_.waiting) {
}

events_state::~events_state() {
  for (auto& entry : callers_)
    entry.second.promise.deliver(
      to_caf({errc::aborted, "the node agent is shutting down"}));
}

events_state::handle::behavior_type events_state::make_behavior() {
  return {
    [this](node_event& what) {
      add(std::move(what));
      arm();
    },
    [this](happened& what) {
      for (auto& each : what.events)
        add(std::move(each));
      arm();
    },
    [this](const watch_events& msg) {
      return watch(msg);
    },
    [this](const latest_events& msg) {
      return events_told{
        ring_.latest(msg.wanted, std::min(msg.most, options_.page.events))};
    },
    [this](const watcher_gone& msg) {
      answer(waiting_.gone(msg.client));
    },
    [this](const events_tick& msg) {
      if (msg.turn != turn_)
        return;
      armed_.reset();
      answer(waiting_.due(now()));
      arm();
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

void events_state::add(node_event what) {
  waiting_.happened(what, now());
  ring_.add(std::move(what), options_.wall_clock ? options_.wall_clock()
                                                 : event_ring::wall_time{});
}

caf::result<event_page> events_state::watch(const watch_events& msg) {
  auto asked = msg;
  if (asked.only_new && asked.after == event_cursor{})
    asked.after = ring_.end();
  auto page = read(asked);
  if (!page.events.empty() || page.lost > 0 || page.is_restarted
      || asked.wait.count() <= 0)
    return page;
  const auto until = now() + std::min(asked.wait, pacing::event_wait);
  if (auto full = waiting_.add(last_ + 1, asked.client, asked.wanted, until))
    return to_caf({errc::resource_exhausted, *std::move(full)});
  const reply_promise<event_page> promise{self_};
  asked.after = page.next;
  callers_.emplace(++last_, caller{std::move(asked), promise});
  arm();
  return promise;
}

event_page events_state::read(const watch_events& asked) const {
  return ring_.read(asked.wanted, asked.after, options_.page);
}

void events_state::answer(const std::vector<event_waiters::id>& which) {
  for (const auto id : which) {
    auto taken = callers_.extract(id);
    auto& [asked, promise] = taken.mapped();
    promise.deliver(read(asked));
  }
}

// One timer is out for the earliest who is due; what is due later is found
// then.
void events_state::arm() {
  const auto due = waiting_.next_due();
  if (!due || (armed_ && *armed_ <= *due))
    return;
  armed_ = due;
  tell_later(self_, handle{self_},
             std::max(*due - now(), time_point::duration{0}),
             events_tick{++turn_});
}

metrics_part events_state::measure() const {
  metrics_part out;
  out.metrics.add("kata_fsshare_events_total",
                  static_cast<double>(ring_.last()));
  out.metrics.add("kata_fsshare_event_waiters",
                  static_cast<double>(waiting_.size()));
  return out;
}

events_state::time_point events_state::now() const {
  return self_->clock().now();
}

} // namespace fsshare
