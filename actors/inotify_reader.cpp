// SPDX-License-Identifier: Apache-2.0
#include "actors/inotify_reader.hpp"

#include "core/pacing.hpp"
#include "core/volume/inotify_decoder.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace fsshare {

namespace {

// Where it came last: what is set after a flip is not set before it.
void add_once(std::vector<volume_event>& events, volume_event event) {
  if (event.hint == volume_hint::nothing)
    return;
  const auto earlier = std::find(events.begin(), events.end(), event);
  if (earlier != events.end())
    events.erase(earlier);
  events.push_back(std::move(event));
}

} // namespace

inotify_reader_state::inotify_reader_state(handle::pointer self,
                                           std::shared_ptr<watch_api> watches,
                                           reader_pool_actor reader)
  : self_(self), watches_(std::move(watches)), reader_(std::move(reader)) {
}

inotify_reader_state::~inotify_reader_state() {
  for (auto& entry : owed_)
    entry.second.deliver(
      to_caf({errc::aborted, "the node agent is shutting down"}));
}

inotify_reader_state::handle::behavior_type
inotify_reader_state::make_behavior() {
  return {
    [this](const watch& request) -> caf::result<watching> {
      const promise answer{self_};
      place(place_watch{request.path}, answer);
      return answer;
    },
    [this](const await_volume& request) -> caf::result<watching> {
      const promise answer{self_};
      place(place_watch_above{request.path}, answer);
      return answer;
    },
    [this](const unwatch& request) {
      wanted_.erase(request.path);
      ways_.remove(request.path);
      drop(table_.remove(request.path));
    },
    [this](const inotify_bytes& read) {
      report(read.data);
    },
    [this](report_volumes_to& request) {
      sink_ = std::move(request.sink);
    },
    [this](const host_mounts_changed&) {
      mounts_changed();
    },
    [this](const mounts_tick& tick) {
      if (tick.due == mounts_tick::step::tell)
        tell_of_mounts();
      else
        look_at_the_mounts();
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

metrics_part inotify_reader_state::measure() const {
  metrics_part out;
  out.metrics.add("kata_fsshare_inotify_watches",
                  static_cast<double>(table_.watch_count()));
  out.metrics.add("kata_fsshare_inotify_overflows_total",
                  static_cast<double>(overflows_));
  return out;
}

template <class Request>
void inotify_reader_state::place(const Request& where, const promise& answer) {
  const auto& path = where.volume;
  const auto turn = ++last_turn_;
  wanted_[path] = turn;
  owed_.emplace(turn, answer);
  table_.placing();
  ask(self_, reader_, where)
    .then(
      [this, where, turn](const watch_placed& done) {
        placed(where, turn, done);
      },
      [this, path = where.volume, turn](caf::error& err) {
        table_.placed(std::nullopt);
        failed(path, turn, from_caf(err));
      });
}

template <class Request>
void inotify_reader_state::placed(const Request& where, std::uint64_t turn,
                                  const watch_placed& done) {
  const auto& path = where.volume;
  auto& made = *done.watch;
  const bool stands = table_.placed(made.wd());
  const bool wanted = is_wanted(path, turn);
  if (stands && wanted) {
    wanted_.erase(path);
    ways_.put(path, done.way);
    drop(done.awaited.empty() ? table_.add(path, made.take())
                              : table_.await(path, made.take(), done.awaited));
    answer(turn, watching{done.directory});
    return;
  }
  // What the kernel has ended, or others have, is not to end with `made`.
  if (!stands || table_.is_watched(made.wd()))
    made.take();
  if (!wanted) {
    answer(turn, watching{done.directory});
    return;
  }
  const auto again = owed_.extract(turn);
  place(where, again.mapped());
}

void inotify_reader_state::failed(const std::string& path, std::uint64_t turn,
                                  const error& why) {
  if (is_wanted(path, turn)) {
    wanted_.erase(path);
    // What does not answer may still be the same directory.
    if (why.code != errc::deadline_exceeded && !table_.is_awaited(path))
      drop(table_.remove(path));
  }
  answer(turn, why);
}

void inotify_reader_state::answer(std::uint64_t turn,
                                  const result<watching>& outcome) {
  const auto owed = owed_.extract(turn);
  if (outcome)
    owed.mapped().deliver(*outcome);
  else
    owed.mapped().deliver(to_caf(outcome.err()));
}

bool inotify_reader_state::is_wanted(const std::string& path,
                                     std::uint64_t turn) const {
  const auto known = wanted_.find(path);
  return known != wanted_.end() && known->second == turn;
}

void inotify_reader_state::drop(std::optional<int> wd) {
  // The kernel may have dropped it already, and its IGNORED be under way.
  if (wd)
    static_cast<void>(watches_->remove(*wd));
}

void inotify_reader_state::report(const bytes& data) {
  const auto decoded = decode_inotify(data);
  bool overflow = !decoded.complete;
  std::vector<volume_event> events;
  for (const auto& event : decoded.events) {
    auto outcome = table_.handle(event);
    overflow |= outcome.overflow;
    drop(outcome.obsolete);
    for (auto& one : outcome.events)
      add_once(events, std::move(one));
  }
  if (!sink_)
    return;
  for (auto& event : events)
    tell(sink_, volume_changed{std::move(event.path), event.hint,
                               std::move(event.generation)});
  if (overflow) {
    ++overflows_;
    tell(sink_, volumes_overflowed{});
  }
}

// A mount over the directory that is watched ends no watch, nor does its end.
void inotify_reader_state::mounts_changed() {
  if (ways_.empty())
    return;
  if (look_ == mount_look::none)
    look_at_mounts_later(pace_.changed(self_->clock().now()));
  else
    look_ = mount_look::out_of_date;
}

void inotify_reader_state::look_at_mounts_later(
  std::optional<look_pace::time_point> when) {
  if (!when)
    return;
  const auto delay
    = std::max(*when - self_->clock().now(), look_pace::duration{0});
  tell_later(self_, handle{self_}, delay, mounts_tick{});
}

void inotify_reader_state::look_at_the_mounts() {
  look_ = mount_look::out;
  const auto begin = self_->clock().now();
  const auto ways = ways_.all();
  ask(self_, reader_, look_at_mounts{ways})
    .then(
      [this, begin, ways](const mounts_seen& seen) {
        ways_.looked(*ways, seen.marks);
        mounts_looked_at(begin, true);
      },
      [this, begin](caf::error&) {
        mounts_looked_at(begin, false);
      });
}

void inotify_reader_state::mounts_looked_at(look_pace::time_point begin,
                                            bool is_done) {
  const auto now = self_->clock().now();
  look_at_mounts_later(pace_.looked(begin, now, is_done));
  if (std::exchange(look_, mount_look::none) == mount_look::out_of_date)
    look_at_mounts_later(pace_.changed(now));
  tell_of_mounts();
}

// A slice at a time: what happens to other volumes meanwhile waits for the
// requests of so many.
void inotify_reader_state::tell_of_mounts() {
  for (auto& path : ways_.take_due(pacing::covered_slice)) {
    const auto kind = table_.is_awaited(path)
                        ? volume_hint::watch_again
                        : volume_hint::watch_and_look_closely;
    if (sink_)
      tell(sink_, volume_changed{std::move(path), kind});
  }
  if (ways_.has_due())
    tell_later(self_, handle{self_}, pacing::covered_pause,
               mounts_tick{mounts_tick::step::tell});
}

} // namespace fsshare
