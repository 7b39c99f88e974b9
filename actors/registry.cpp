// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"

#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

registry_state::registry_state(handle::pointer self,
                               destination_table::settings settings,
                               inotify_reader_actor watcher,
                               reader_pool_actor reader,
                               memory_budget_actor memory,
                               journal_actor journal, event_sink events)
  : self_(self), table_(std::move(settings)), watcher_(std::move(watcher)),
    reader_(std::move(reader)), memory_(std::move(memory)),
    recorder_(
      self, std::move(journal),
      [](const std::string& id) {
        log::warning(
          "state-not-recorded",
          {{"sandbox", id}, {"error", "the state directory does not answer"}});
      }),
    events_(std::move(events)) {
}

registry_state::~registry_state() {
  const auto gone = to_caf({errc::aborted, "the node agent is shutting down"});
  for (auto& entry : destinations_) {
    auto& d = entry.second;
    if (d.added)
      d.added->deliver(gone);
    for (auto& promise : d.removed)
      promise.deliver(gone);
  }
  for (auto& entry : waiting_)
    entry.second.promise.deliver(gone);
}

registry_state::handle::behavior_type registry_state::make_behavior() {
  return {
    [this](add_destination& msg) {
      return add(msg);
    },
    [this](const await_current& msg) {
      return await(msg);
    },
    [this](const remove_destination& msg) {
      return remove(msg);
    },
    [this](const forget_sandbox& msg) -> caf::result<void> {
      table_.forget_sandbox(msg.sandbox_id);
      act();
      for (auto i = by_share_.lower_bound({msg.sandbox_id, {}, 0});
           i != by_share_.end() && std::get<0>(*i) == msg.sandbox_id;
           i = by_share_.erase(i))
        destinations_.erase(std::get<2>(*i));
      return caf::unit;
    },
    [this](const follow_sandbox& msg) -> caf::result<void> {
      if (msg.follow)
        table_.start_following(msg.sandbox_id, now());
      else
        table_.stop_following(msg.sandbox_id);
      act();
      return caf::unit;
    },
    [this](const guest_reached& msg) {
      switch (msg.what) {
      case guest_news::reached: table_.guest_up(msg.sandbox_id, now()); break;
      case guest_news::empty: table_.guest_empty(msg.sandbox_id, now()); break;
      case guest_news::lost: table_.guest_lost(msg.sandbox_id); break;
      }
      act();
    },
    [this](const describe_volumes& msg) {
      return table_.describe(msg.sandbox_id, msg.after, msg.room, now());
    },
    [this](const describe_leftovers& msg) {
      return table_.leftovers(msg.sandbox_id, msg.after, msg.most);
    },
    [this](const volume_changed& msg) {
      if (msg.hint == volume_hint::begun) {
        table_.begun(msg.path, msg.generation);
        expect_rotation(msg.path);
        return;
      }
      note_volume(event_id::volume_hinted, msg.path, to_string(msg.hint));
      table_.hint(msg.path, msg.hint, now());
      act();
    },
    [this](volumes_overflowed) {
      log::warning("events-lost", {{"volumes", table_.volumes()}});
      note_volume(event_id::events_lost, {});
      table_.hint_all(volume_hint::compare_closely, now());
      act();
    },
    [this](const registry_tick& msg) {
      if (msg.turn != turn_)
        return;
      armed_.reset();
      act();
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

caf::result<destination_added> registry_state::add(add_destination& msg) {
  const reply_promise<destination_added> promise{self_};
  const bool is_there = msg.has_tree || msg.before != nullptr;
  auto volume = msg.volume;
  const auto id
    = table_.add({msg.sandbox_id, std::move(msg.container_id), msg.share_id,
                  std::move(msg.volume), std::move(msg.guest_root),
                  msg.has_tree, std::move(msg.before),
                  std::move(msg.container_name), std::move(msg.labels)},
                 now());
  by_share_.emplace(msg.sandbox_id, msg.share_id, id);
  destinations_.emplace(id, destination{std::move(msg.sandbox_id),
                                        std::move(msg.share_id),
                                        std::move(volume),
                                        std::move(msg.proxy),
                                        promise,
                                        {}});
  act();
  if (is_there)
    promise.deliver(destination_added{});
  return promise;
}

caf::result<destination_added> registry_state::await(const await_current& msg) {
  const reply_promise<destination_added> promise{self_};
  const auto i = find(msg.sandbox_id, msg.share_id);
  const auto waiter = ++last_waiter_;
  // No destination has the id 0.
  const auto id = i == destinations_.end() ? 0 : i->first;
  waiting_.emplace(waiter, waiting_caller{id, promise});
  table_.await_current(id, waiter, now());
  act();
  return promise;
}

registry_state::destination_map::iterator
registry_state::find(const std::string& sandbox_id,
                     const std::string& share_id) {
  const auto i = by_share_.lower_bound({sandbox_id, share_id, 0});
  if (i == by_share_.end() || std::get<0>(*i) != sandbox_id
      || std::get<1>(*i) != share_id)
    return destinations_.end();
  return destinations_.find(std::get<2>(*i));
}

void registry_state::erase(destination_map::iterator which) {
  by_share_.erase(
    {which->second.sandbox_id, which->second.share_id, which->first});
  destinations_.erase(which);
}

caf::result<destination_removed>
registry_state::remove(const remove_destination& msg) {
  const auto i = find(msg.sandbox_id, msg.share_id);
  if (i == destinations_.end())
    return destination_removed{};
  const reply_promise<destination_removed> promise{self_};
  i->second.removed.push_back(promise);
  table_.remove(i->first, now());
  act();
  return promise;
}

// Carries out what the table wants until it wants nothing more.
void registry_state::act() {
  auto actions = table_.advance(now());
  for (auto& action : actions)
    std::visit(
      [this](auto& what) {
        perform(what);
      },
      action);
  arm();
  tell_noted();
}

void registry_state::perform(ask_volume& action) {
  if (action.request == volume_request::await) {
    await(action.ticket);
    return;
  }
  if (action.request != volume_request::watch) {
    ask_reader(action);
    return;
  }
  const auto asked = action.ticket;
  ask(self_, watcher_, watch{asked.volume})
    .then(
      [this, asked](const watching& placed) {
        watched(asked, placed.directory);
      },
      [this, asked](caf::error& err) {
        watched(asked, from_caf(err));
      });
}

void registry_state::await(const volume_ticket& asked) {
  ask(self_, watcher_, await_volume{asked.volume})
    .then(
      [this, asked](const watching&) {
        table_.awaited(asked, unit{});
        act();
      },
      [this, asked](caf::error& err) {
        table_.awaited(asked, from_caf(err));
        act();
      });
}

// Says each thing once, however often a sweep finds it again.
void registry_state::watched(const volume_ticket& asked,
                             const result<directory_id>& placed) {
  const auto& path = asked.volume;
  if (table_.watched(asked, placed, now())) {
    if (placed) {
      log::info("watch-placed",
                {{"volume", path}, {"polled", table_.polled()}});
      note_volume(event_id::watch_placed, path);
    } else if (placed.err().code == errc::not_found) {
      log::info("volume-gone", {{"volume", path}});
      note_volume(event_id::volume_gone, path);
    } else {
      log::warning("watch-failed", {{"volume", path},
                                    {"error", placed.err().message},
                                    {"polled", table_.polled()}});
      note_volume(event_id::watch_failed, path, placed.err().message);
    }
  }
  act();
}

// Those that do not answer are told apart by asking for each.
void registry_state::perform(check_volumes& action) {
  std::vector<std::string> paths;
  for (const auto& each : action.volumes)
    paths.push_back(each.path);
  const auto compare = [this](const std::vector<std::string>& which) {
    for (const auto& path : which)
      table_.hint(path, volume_hint::compare, now());
    act();
  };
  ask(self_, reader_, look_at_volumes{std::move(action.volumes)})
    .then(
      [compare](const volumes_seen& seen) {
        compare(seen.others);
      },
      [compare, paths = std::move(paths)](const caf::error&) {
        compare(paths);
      });
}

void registry_state::perform(const forget_volume& action) {
  expected_.erase(action.volume);
  tell(watcher_, unwatch{action.volume});
}

void registry_state::perform(ask_guest& action) {
  if (std::holds_alternative<push_order>(action.order))
    begin_push(action.destination, action.order);
  else
    give_order(action.destination, action.order);
}

void registry_state::give_order(destination_id id, const guest_order& order) {
  const auto i = destinations_.find(id);
  if (i == destinations_.end())
    return;
  note_begun(i->second, order);
  ask(self_, i->second.proxy, carry_out{{id}, order})
    .then(
      [this, id, word = word_of(order)](const order_outcome& outcome) {
        count(word, outcome);
        ended(id, outcome);
      },
      [](const caf::error&) {
        // It ends with its sandbox, of which nothing is sent any more.
      });
}

void registry_state::log_live(destination_id id,
                              const generation_live& live) const {
  const auto i = destinations_.find(id);
  if (i == destinations_.end())
    return;
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  log::info("generation-live",
            {{"sandbox", i->second.sandbox_id},
             {"share", i->second.share_id},
             {"generation", live.name},
             {"lag_us", duration_cast<microseconds>(live.lag).count()},
             {"superseded", live.superseded}});
}

void registry_state::log_outcome(destination_id id,
                                 const order_outcome& outcome) const {
  const auto d = destinations_.find(id);
  const auto failures = table_.failures(id);
  if (outcome.complete || d == destinations_.end() || !failures)
    return;
  if (!outcome.removals.empty())
    log::debug("removal-failed", {{"sandbox", d->second.sandbox_id},
                                  {"share", d->second.share_id},
                                  {"error", outcome.err.message}});
  else if (outcome.err.code != errc::aborted)
    log::warning("push-failed", {{"sandbox", d->second.sandbox_id},
                                 {"share", d->second.share_id},
                                 {"failures", *failures},
                                 {"error", outcome.err.message}});
}

void registry_state::perform(const supersede_push& action) {
  using push_wait = destination::push_wait;
  const auto i = destinations_.find(action.destination);
  if (i == destinations_.end())
    return;
  if (i->second.push == push_wait::recording)
    i->second.push = push_wait::superseded;
  else
    tell(i->second.proxy, stop_order{{action.destination}});
}

void registry_state::perform(first_copy_outcome& action) {
  const auto i = destinations_.find(action.destination);
  if (i == destinations_.end() || !i->second.added)
    return;
  auto promise = *std::exchange(i->second.added, std::nullopt);
  if (action.outcome) {
    record(action.destination);
    tell_noted();
    promise.deliver(destination_added{action.outcome->copied.name,
                                      std::move(action.outcome->skipped),
                                      std::move(action.outcome->notes)});
    return;
  }
  if (action.needs_other_root)
    promise.deliver(destination_added{{}, {}, {}, true});
  else
    promise.deliver(to_caf(action.outcome.err()));
  // The table ends a destination whose first copy failed by itself, unless
  // somebody waits for its end.
  if (i->second.removed.empty())
    erase(i);
}

void registry_state::perform(current_reached& action) {
  const auto i = waiting_.find(action.waiter);
  if (i == waiting_.end())
    return;
  auto promise = std::move(i->second.promise);
  if (action.outcome)
    record(i->second.destination);
  waiting_.erase(i);
  tell_noted();
  if (action.outcome)
    promise.deliver(destination_added{action.outcome->copied.name,
                                      std::move(action.outcome->skipped),
                                      std::move(action.outcome->notes)});
  else
    promise.deliver(to_caf(action.outcome.err()));
}

void registry_state::perform(leave_leftovers& action) {
  const auto i = destinations_.find(action.destination);
  if (i == destinations_.end())
    return;
  for (auto& leftover : action.paths) {
    recorder_.add(i->second.sandbox_id,
                  recorded_leftover{leftover.path, leftover.reason});
    tell(i->second.proxy,
         take_leftover{std::move(leftover.path), std::move(leftover.reason)});
  }
}

void registry_state::perform(destination_left& action) {
  const auto i = destinations_.find(action.destination);
  if (i == destinations_.end())
    return;
  auto waiting = std::move(i->second.removed);
  erase(i);
  tell_noted();
  for (auto& promise : waiting)
    promise.deliver(destination_removed{action.leftovers});
}

void registry_state::arm() {
  const auto due = table_.next_due();
  if (!due || (armed_ && *armed_ <= *due))
    return;
  armed_ = due;
  tell_later(self_, handle{self_},
             std::max(*due - now(), std::chrono::steady_clock::duration{0}),
             registry_tick{++turn_});
}

registry_state::time_point registry_state::now() const {
  return self_->clock().now();
}

} // namespace fsshare
