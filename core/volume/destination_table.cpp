// SPDX-License-Identifier: Apache-2.0
#include "core/volume/destination_table.hpp"

#include "core/pacing.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Whether a first copy whose push failed is given up. One with a chunk in doubt
// is tried again, under another name.
bool fails_first_copy(const order_outcome& outcome, unsigned failures) {
  return outcome.cause != stop_cause::doubtful
         || failures >= pacing::most_doubtful_copies;
}

} // namespace

destination_table::destination_table(settings s)
  : settings_(std::move(s)), seeds_(settings_.seed) {
}

destination_table::volume* destination_table::find(const std::string& path) {
  const auto i = volumes_.find(path);
  return i == volumes_.end() ? nullptr : &i->second;
}

destination_table::destination* destination_table::find(destination_id id) {
  const auto path = volume_of_.find(id);
  if (path == volume_of_.end())
    return nullptr;
  return &volumes_.at(path->second).destinations.at(id);
}

void destination_table::touch(const std::string& path) {
  touched_.insert(path);
}

void destination_table::touch(destination_id id, const destination& d) {
  volumes_.at(d.spec.volume).agenda.touch(id);
  touch(d.spec.volume);
}

destination_id destination_table::add(destination_spec spec, time_point now) {
  const auto id = next_id_++;
  auto i = volumes_.find(spec.volume);
  if (i == volumes_.end()) {
    auto host = settings_.volumes;
    host.seed = seeds_ += 2;
    i = volumes_.emplace(spec.volume, volume{host_volume{host}}).first;
    if (!sweep_at_)
      sweep_at_ = now + settings_.sweep_interval;
  }
  auto copy = settings_.copies;
  copy.root = spec.guest_root;
  copy.has_tree = spec.has_tree;
  copy.seed = seeds_ += 2;
  volume_of_.emplace(id, spec.volume);
  if (i->second.host.is_missing())
    i->second.host.hint(volume_hint::compare, now);
  else if (i->second.host.unread_since())
    i->second.host.hint(volume_hint::read_now, now);
  destination d{std::move(spec), guest_copy{copy}, last_ticket_};
  if (d.spec.has_tree)
    d.phase = following{};
  if (const auto before = std::exchange(d.spec.before, nullptr)) {
    d.phase = following{};
    d.guest = guest_view::unsure;
    d.copy = guest_copy{copy, *before, now};
  }
  list(id, d);
  touch(id, d);
  i->second.destinations.emplace(id, std::move(d));
  return id;
}

void destination_table::remove(destination_id id, time_point now) {
  auto* d = find(id);
  if (d == nullptr)
    return;
  const error why{errc::aborted, "copy " + d->spec.volume + " to "
                                   + d->spec.guest_root
                                   + ": unshared meanwhile"};
  fail_waiting(*d, why);
  // The caller of add() need not wait for the removal.
  if (d->is<making>() || d->is<failing>())
    actions_.emplace_back(
      first_copy_outcome{id, d->end() != nullptr ? d->end()->why : why});
  // The first reason and the first limit stay.
  d->phase = removing{d->end() != nullptr
                        ? *d->end()
                        : departure{why, now + settings_.leave_timeout}};
  d->copy.leave();
  touch(id, *d);
}

// Its retry needs a clean guest, so answer_gone() tells the caller, once it has
// said what is left there.
void destination_table::fail_first(destination& d, const error& why,
                                   time_point now, failing::cure by) {
  d.phase = failing{{why, now + settings_.leave_timeout}, by};
  d.copy.leave();
}

bool destination_table::follows(const destination& d) const {
  return !d.is<following>() || !d.waiting.empty()
         || !not_following_.contains(d.spec.sandbox_id);
}

void destination_table::hint(const std::string& path, volume_hint what,
                             time_point now) {
  if (auto* v = find(path)) {
    v->host.hint(what, now);
    v->agenda.touch_all();
    touch(path);
  }
}

void destination_table::hint_all(volume_hint what, time_point now) {
  const auto slices = volumes_.size() / sweep_slice + 1;
  begin_sweep(what, now, pacing::lost_events_pause * slices);
}

// A sweep that runs goes on until it has come to every volume once more: one
// that began at the first each time would never come to the last.
void destination_table::begin_sweep(volume_hint what, time_point now,
                                    std::chrono::nanoseconds within) {
  if (volumes_.empty())
    return;
  const auto slices = static_cast<std::int64_t>(
    (volumes_.size() + sweep_slice - 1) / sweep_slice);
  const auto pause = within / slices;
  if (!sweep_)
    sweep_ = running_sweep{what, {}, 0, now, pause};
  if (what == volume_hint::compare_closely)
    sweep_->what = what;
  sweep_->left = volumes_.size();
  sweep_->pause = std::min(sweep_->pause, pause);
  sweep_->next_at = std::min(sweep_->next_at, now + pause);
}

void destination_table::sweep_on(time_point now) {
  if (!sweep_ || sweep_->next_at > now)
    return;
  check_volumes calm;
  auto i = volumes_.upper_bound(sweep_->after);
  for (auto n = sweep_slice; n > 0 && sweep_->left > 0; --n, --sweep_->left) {
    if (i == volumes_.end())
      i = volumes_.begin();
    sweep(i->first, i->second, calm, now);
    sweep_->after = i->first;
    ++i;
  }
  if (!calm.volumes.empty())
    actions_.emplace_back(std::move(calm));
  if (sweep_->left == 0)
    sweep_.reset();
  else
    sweep_->next_at = now + sweep_->pause;
}

// Most volumes are as they were, which one request tells of many.
void destination_table::sweep(const std::string& path, volume& v,
                              check_volumes& calm, time_point now) {
  if (sweep_->what == volume_hint::compare)
    if (auto known = v.host.known(path)) {
      calm.volumes.push_back(*std::move(known));
      return;
    }
  v.host.hint(sweep_->what, now);
  v.agenda.touch_all();
  touch(path);
}

std::size_t destination_table::polled() const {
  return static_cast<std::size_t>(
    std::count_if(volumes_.begin(), volumes_.end(), [](const auto& entry) {
      return entry.second.host.is_polled();
    }));
}

std::optional<generation_live>
destination_table::finished(destination_id id, const order_outcome& outcome,
                            time_point now) {
  auto* d = find(id);
  if (d == nullptr)
    return std::nullopt;
  const bool had_none = !d->copy.acknowledged();
  const bool has_failed
    = d->copy.finished(outcome, now) == order_verdict::failed;
  const auto* failed = d->copy.last_error();
  const error why = failed != nullptr ? *failed : outcome.err;
  if (has_failed)
    fail_waiting(*d, why);
  if (!d->copy.busy())
    d->pushing.reset();
  auto& v = volumes_.at(d->spec.volume);
  touch(id, *d);
  if (d->copy.acknowledged() && outcome.flip == flip_state::acknowledged) {
    auto live = note_live(*d, v, now);
    if (live)
      live->is_first = had_none;
    v.host.look_later(now);
    return live;
  }
  if (d->is<making>() && has_failed
      && fails_first_copy(outcome, d->copy.failures()))
    fail_first(*d, why, now,
               outcome.cause == stop_cause::root_in_doubt
                 ? failing::cure::other_root
                 : failing::cure::none);
  return std::nullopt;
}

// Nothing after a flip back: that generation was live before.
std::optional<generation_live>
destination_table::note_live(destination& d, const volume& v, time_point now) {
  if (d.copy.acknowledged() != d.pushed)
    return std::nullopt;
  d.last_lag = now - d.pushed_changed_at;
  return generation_live{d.copy.live_name(), d.last_lag,
                         d.pushed != v.host.current(), d.spec.volume};
}

std::vector<table_action> destination_table::advance(time_point now) {
  if (sweep_at_ && *sweep_at_ <= now) {
    sweep_at_ = now + settings_.sweep_interval;
    begin_sweep(++sweeps_ % pacing::deep_sweep_every == 0
                  ? volume_hint::compare_closely
                  : volume_hint::compare,
                now, settings_.sweep_interval / 2);
  }
  sweep_on(now);
  while (!due_.empty() && due_.begin()->first <= now) {
    touch(due_.begin()->second);
    volumes_.at(due_.begin()->second).due.reset();
    due_.erase(due_.begin());
  }
  const auto touched = std::exchange(touched_, {});
  for (const auto& path : touched)
    if (auto* v = find(path))
      step(path, *v, now);
  return std::exchange(actions_, {});
}

// Looks at the volume, and at those of its destinations that it says something
// new to, or that say something new.
void destination_table::step(const std::string& path, volume& v,
                             time_point now) {
  const auto touched = v.agenda.take(
    v.destinations, {v.host.sequence(), v.host.unread_since(), v.host.reads()},
    now);
  looked_at_ += touched.size();
  step_host(path, v, touched, now);
  for (const auto id : touched) {
    auto& d = v.destinations.at(id);
    if (step_and_answer(id, d, v, now))
      v.agenda.note(id, wishes_of(d, v, now));
    else
      drop(id, v);
  }
  if (v.destinations.empty()) {
    forget(path, v);
    return;
  }
  // Pushes hold the contents they send; beyond them secrets do not stay.
  if (!v.agenda.wants_contents())
    v.host.release_snapshot();
  set_due(path, v);
}

void destination_table::drop(destination_id id, volume& v) {
  v.agenda.erase(id);
  forget(id, v.destinations.at(id));
  v.destinations.erase(id);
}

void destination_table::forget(const std::string& path, const volume& v) {
  actions_.emplace_back(forget_volume{path});
  if (v.due)
    due_.erase({*v.due, path});
  volumes_.erase(path);
  if (!volumes_.empty())
    return;
  sweep_at_.reset();
  sweep_.reset();
}

void destination_table::step_host(const std::string& path, volume& v,
                                  const std::vector<destination_id>& touched,
                                  time_point now) {
  const auto& current = v.host.current();
  const bool is_needed
    = v.agenda.needs_contents()
      || std::any_of(touched.begin(), touched.end(), [&](destination_id id) {
           const auto& d = v.destinations.at(id);
           return current && follows(d) && d.copy.needs(*current, now);
         });
  if (is_needed)
    v.host.want_snapshot();
  if (const auto request = v.host.next(now)) {
    v.ticket = ++last_ticket_;
    actions_.emplace_back(ask_volume{{path, v.ticket},
                                     *request,
                                     v.host.memory_bytes(),
                                     v.destinations.size()});
  }
}

// Returns whether it is still there.
bool destination_table::step_and_answer(destination_id id, destination& d,
                                        volume& v, time_point now) {
  // Before the next order, which may already be for a newer generation.
  answer_first(id, d, now);
  answer_waiting(d, v, now);
  step_destination(id, d, v, now);
  answer_first(id, d, now);
  if (answer_gone(id, d, now))
    return false;
  note_leftovers(id, d);
  return true;
}

void destination_table::step_destination(destination_id id, destination& d,
                                         volume& v, time_point now) {
  const auto& current = v.host.current();
  const auto& unread = v.host.unread_since();
  if (current && d.copy.acknowledged() != current) {
    if (!d.stale_since)
      d.stale_since = v.host.changed_at();
  } else if (!unread) {
    d.stale_since.reset();
  } else if (!d.stale_since) {
    d.stale_since = unread;
  }
  if (d.copy.busy())
    supersede(id, d, v);
  if (current)
    d.copy.host_has(*current, now);
  // Who does not follow gets nothing new; what was begun is brought to its end.
  const auto news = follows(d) ? v.host.snapshot() : nullptr;
  while (auto order = d.copy.next(news, now)) {
    if (const auto* push = std::get_if<push_order>(&*order)) {
      d.pushing = push_out{push->snapshot->id};
      d.pushed = push->snapshot->id;
      d.pushed_sequence = v.host.sequence();
      d.pushed_changed_at = v.host.changed_at();
    }
    actions_.emplace_back(ask_guest{id, *std::move(order)});
  }
}

void destination_table::supersede(destination_id id, destination& d,
                                  const volume& v) {
  if (!d.pushing || d.pushing->superseding == push_out::stop::asked_for)
    return;
  const bool overtaken
    = v.host.current() != d.pushing->host && d.copy.overtaken();
  if (overtaken || d.is<removing>()) {
    d.pushing->superseding = push_out::stop::asked_for;
    actions_.emplace_back(supersede_push{id});
  }
}

void destination_table::answer_first(destination_id id, destination& d,
                                     time_point now) {
  if (!d.is<making>())
    return;
  const auto& copied = d.copy.acknowledged();
  if (!copied || !d.copy.has_whole_copy())
    return;
  d.phase = following{};
  d.copy.keep_sealed(now);
  actions_.emplace_back(
    first_copy_outcome{id, first_copy_done{*copied, d.copy.skipped(),
                                           volumes_.at(d.spec.volume).notes}});
}

bool destination_table::answer_gone(destination_id id, destination& d,
                                    time_point now) {
  const auto* end = d.end();
  if (end == nullptr || (!d.copy.gone() && end->by > now))
    return false;
  std::vector<path_reason> leftovers;
  if (!d.copy.gone())
    leftovers.push_back(
      {d.spec.guest_root, "the guest did not answer in time"});
  else
    leftovers = d.copy.leftovers();
  if (!leftovers.empty())
    actions_.emplace_back(leave_leftovers{id, leftovers});
  if (const auto* fails = std::get_if<failing>(&d.phase))
    actions_.emplace_back(
      first_copy_outcome{id, end->why, fails->by == failing::cure::other_root});
  else
    actions_.emplace_back(destination_left{id, std::move(leftovers)});
  return true;
}

} // namespace fsshare
