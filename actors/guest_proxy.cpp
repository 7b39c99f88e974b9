// SPDX-License-Identifier: Apache-2.0
#include "actors/guest_proxy.hpp"

#include "core/paths.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

guest_connection::settings connection_settings(const guest_proxy_options& o) {
  guest_connection::settings s;
  s.dial_timeout = o.dial_timeout;
  s.end_timeout = o.end_timeout;
  s.request_timeout = o.request_timeout;
  s.quiet_time = o.quiet_time;
  s.idle_interval = o.leftover_interval;
  s.seed = o.seed;
  return s;
}

} // namespace

guest_proxy_state::guest_proxy_state(handle::pointer self,
                                     guest_proxy_options options,
                                     std::shared_ptr<dialer> network,
                                     reader_pool_actor reader,
                                     memory_budget_actor memory,
                                     guest_reached_sink registry,
                                     journal_actor journal)
  : self_(self), options_(std::move(options)), network_(std::move(network)),
    reader_(std::move(reader)), memory_(std::move(memory)),
    registry_(std::move(registry)),
    recorder_(
      self, std::move(journal),
      [](const std::string& id) {
        log::warning(
          "state-not-recorded",
          {{"sandbox", id}, {"error", "the state directory does not answer"}});
      }),
    leftovers_(options_.leftover_interval),
    budget_(options_.memory_bytes, options_.memory_reason),
    inventory_(options_.share_dir), connection_(connection_settings(options_)),
    window_(options_.window_requests, options_.window_bytes) {
}

// What it owes answers itself: it ends with its sandbox, or with the process.
guest_proxy_state::~guest_proxy_state() {
  if (options_.heir)
    tell(options_.heir, guest_ended{self_->id(), counted_});
  if (stream_)
    stream_->close();
}

guest_proxy_state::handle::behavior_type guest_proxy_state::make_behavior() {
  if (const auto before = std::exchange(options_.before, nullptr))
    go_on_after(*before);
  else
    recorder_.record(options_.sandbox_id,
                     recorded_files{{options_.share_dir, {}, {}}});
  return {
    [this](carry_out& msg) -> caf::result<order_outcome> {
      const reply_promise<order_outcome> promise{self_};
      add_order(msg, promise);
      return promise;
    },
    [this](const stop_order& msg) {
      for (auto& active : jobs_)
        if (active.order == msg.id.value)
          stop_job(active);
      end_jobs();
    },
    [this](const copy_tree& msg) -> caf::result<tree_copied> {
      const reply_promise<tree_copied> promise{self_};
      add_copy(msg, promise);
      return promise;
    },
    [this](remove_copy& msg) -> caf::result<copy_removed> {
      const reply_promise<copy_removed> promise{self_};
      auto root = msg.guest_root;
      add_removal(root, [promise, root](const order_outcome& outcome) {
        copy_removed reply;
        if (!outcome.complete)
          reply.leftovers.push_back({root, outcome.err.message});
        promise.deliver(std::move(reply));
      });
      return promise;
    },
    [this](take_leftover& msg) {
      abandon(msg.guest_root);
      note_leftover(msg.guest_root, removal_result::failed,
                    {errc::unavailable, std::move(msg.reason)});
    },
    [this](const await_lost_trees&) -> caf::result<lost_trees> {
      const reply_promise<lost_trees> promise{self_};
      tree_watcher_ = promise;
      tell_lost_trees();
      return promise;
    },
    [this](const guest_status_request& msg) {
      return describe(msg);
    },
    [this](guest_dialed& msg) {
      dialed(msg);
    },
    [this](const guest_bytes& msg) {
      received(msg);
    },
    [this](const guest_closed& msg) {
      if (msg.connection == connection_number_)
        lost(msg.why);
    },
    [this](const file_retry& msg) {
      if (auto* active = find(msg.job))
        active->job.resume(msg.request);
      pump();
      end_jobs();
    },
    [this](const proxy_tick& msg) {
      if (msg.turn == turn_)
        tick();
    },
    [this](describe_guest) {
      return guest_described{measure()};
    },
  };
}

guest_measure guest_proxy_state::measure() const {
  return {counted_, connection_.is_up(), connection_.is_guest_silent(),
          in_flight_.size(), budget_.held()};
}

guest_status
guest_proxy_state::describe(const guest_status_request& msg) const {
  auto shown = status_;
  shown.leftovers = leftovers_.page(msg.leftovers_after, msg.most_leftovers);
  for (const auto& path : msg.guest_paths)
    if (const auto doubt = landmarks_.doubt_of(path);
        doubt && doubt != tree_doubt::none)
      shown.doubts.emplace(path, *doubt);
  shown.held_bytes = budget_.held();
  shown.held_limit_bytes = budget_.limit();
  shown.connected = !connection_.is_connecting();
  for (const auto& active : jobs_)
    if (active.order && msg.orders.contains(*active.order))
      shown.orders[*active.order] = active.job.progress();
  return shown;
}

void guest_proxy_state::add_job(active_job job) {
  job.key = ++last_key_;
  job.waits_since = now();
  jobs_.push_back(std::move(job));
  if (window_.in_flight() == 0 && connection_.is_long_idle(now())) {
    connection_.probe();
    send_check();
  }
  if (connection_.is_up()) {
    begin(jobs_.back());
    pump();
    end_jobs();
  } else {
    connect();
  }
}

void guest_proxy_state::add_order(carry_out& msg,
                                  const reply_promise<order_outcome>& promise) {
  std::vector<std::string> takes;
  std::vector<std::string> removes;
  landmarks_of_push landmarks;
  if (const auto* push = std::get_if<push_order>(&msg.order)) {
    landmarks = landmarks_of(*push);
    if (auto room = take_room(*push, takes); !room) {
      order_outcome refused;
      refused.sent = false;
      refused.err = room.err();
      promise.deliver(std::move(refused));
      return;
    }
  } else if (const auto* removal = std::get_if<removal_order>(&msg.order)) {
    for (const auto& step : removal->steps) {
      removes.push_back(step.path);
      landmarks_.goes(step.path);
    }
  }
  active_job job{0,
                 msg.id.value,
                 guest_job{std::move(msg.order)},
                 {},
                 [promise](const order_outcome& outcome) {
                   promise.deliver(outcome);
                 },
                 {},
                 std::move(takes),
                 std::move(removes)};
  job.landmarks = std::move(landmarks);
  add_job(std::move(job));
}

// A generation has room of its own, beside the ones that are still there; the
// rest of the volume's root has its room under the root's path.
status guest_proxy_state::take_room(const push_order& push,
                                    std::vector<std::string>& takes) {
  const auto& options = push.options;
  const auto generation = join(options.guest_root, options.attempt_name);
  auto room = budget_.reserve(generation, guest_memory_of(push.snapshot->tree));
  if (!room)
    return room;
  takes.push_back(generation);
  if (!options.send_others)
    return unit{};
  room = budget_.reserve(options.guest_root,
                         guest_memory_of(push.snapshot->others));
  if (room)
    takes.push_back(options.guest_root);
  else
    budget_.cancel(generation);
  return room;
}

void guest_proxy_state::settle_budget(const active_job& ended,
                                      const order_outcome& outcome) {
  if (!outcome.sent)
    for (const auto& path : ended.takes)
      budget_.cancel(path);
  for (std::size_t i = 0; i < ended.removes.size(); ++i) {
    const auto& path = ended.removes[i];
    if (outcome.removals[i] == removal_result::removed) {
      write_emptied(path);
      inventory_.removed(path);
      leftovers_.forget_below(path);
    } else if (outcome.removals[i] == removal_result::emptied) {
      write_emptied(path);
      inventory_.emptied(path);
    } else {
      continue;
    }
    budget_.release(path);
    doubt(path);
  }
  note_landmarks(ended, outcome);
  // Pushes that were refused for want of room need not wait for their retry.
  if (budget_.take_relief() && connection_.is_up())
    tell(registry_, guest_reached{options_.sandbox_id});
}

void guest_proxy_state::add_copy(const copy_tree& msg,
                                 const reply_promise<tree_copied>& promise) {
  if (!leftovers_.yield(msg.guest_root)) {
    promise.deliver(
      to_caf({errc::unavailable, "what an earlier try has left at "
                                   + msg.guest_root + " is being removed"}));
    return;
  }
  const auto needed = guest_memory_of(*msg.tree);
  if (auto room = budget_.reserve(msg.guest_root, needed); !room) {
    promise.deliver(to_caf(room.err()));
    return;
  }
  const bool is_file = !msg.tree->entries.empty()
                       && msg.tree->entries.front().type == entry_type::file;
  const bool has_landmark = is_file || !msg.is_writable;
  auto done = [this, promise, root = msg.guest_root, tree = msg.tree,
               has_landmark](const order_outcome& outcome) {
    if (outcome.complete) {
      auto files
        = landmark_files(*tree, root, has_landmark ? 1 : 0, outcome.skipped);
      landmarks_.copied(root, files.empty() ? "" : std::move(files.front()));
      promise.deliver(tree_copied{outcome.skipped});
      return;
    }
    if (outcome.cause == stop_cause::doubtful) {
      add_removal(root, [promise](const order_outcome&) {
        promise.deliver(tree_copied{{}, true});
      });
      return;
    }
    if (!connection_.is_up()) {
      if (outcome.sent)
        note_leftover(root, removal_result::failed, outcome.err);
      promise.deliver(to_caf(outcome.err));
      return;
    }
    // What was made of a copy that failed must not fill the guest's memory.
    add_removal(root, [promise, err = outcome.err](const order_outcome&) {
      promise.deliver(to_caf(err));
    });
  };
  active_job job{0,
                 msg.id.value,
                 guest_job{tree_order{msg.tree, msg.guest_root}},
                 msg.source,
                 std::move(done),
                 {},
                 {msg.guest_root}};
  job.room = needed;
  add_job(std::move(job));
}

guest_proxy_state::active_job* guest_proxy_state::find(std::uint64_t key) {
  for (auto& active : jobs_)
    if (active.key == key)
      return &active;
  return nullptr;
}

void guest_proxy_state::end_jobs() {
  const auto has_ended = [](const active_job& active) {
    return active.job.ended();
  };
  // Begins anew after each: what follows a job may add and end others.
  for (;;) {
    const auto i = std::find_if(jobs_.begin(), jobs_.end(), has_ended);
    if (i == jobs_.end())
      break;
    const auto outcome = i->job.outcome();
    settle_budget(*i, outcome);
    job_list ended;
    ended.splice(ended.begin(), jobs_, i);
    ended.front().ended(outcome);
  }
  if (jobs_.empty())
    drop_credit();
  write_leftovers();
}

} // namespace fsshare
