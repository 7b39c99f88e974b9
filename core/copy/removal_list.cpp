// SPDX-License-Identifier: Apache-2.0
#include "core/copy/removal_list.hpp"

#include "core/earlier.hpp"

#include <algorithm>

namespace fsshare {

removal_list::removal_list(std::uint32_t seed) : seeds_(seed) {
}

// Whether another try may still do something for whoever waits for the end.
bool removal_list::is_open(const name_state& state) {
  return !state.result || *state.result == removal_result::failed;
}

removal_list::due_set& removal_list::due_set_of(const name_state& state) {
  return state.result ? retries_ : new_;
}

void removal_list::set_due(name_map::iterator which,
                           std::optional<time_point> due) {
  auto& [name, state] = *which;
  if (state.due)
    due_set_of(state).erase({*state.due, name});
  state.due = due;
  if (due)
    due_set_of(state).emplace(*due, name);
}

void removal_list::set_result(name_map::iterator which, removal_result result,
                              const std::string& reason) {
  auto& [name, state] = *which;
  open_ -= is_open(state) ? 1 : 0;
  state.result = result;
  state.reason = reason;
  open_ += is_open(state) ? 1 : 0;
  if (result == removal_result::removed)
    left_.erase(name);
  else
    left_.insert(name);
  if (result == removal_result::removed || result == removal_result::failed)
    not_removable_.erase(name);
  else
    not_removable_.insert(name);
}

void removal_list::add(const std::string& name, time_point from) {
  const auto [i, is_new] = names_.try_emplace(name);
  auto& state = i->second;
  if (is_new)
    ++open_;
  if (state.result == removal_result::removed) {
    // It was made again.
    set_due(i, std::nullopt);
    state.result.reset();
    ++open_;
  }
  if (state.result || out_.contains(name))
    return;
  if (!state.due || from < *state.due)
    set_due(i, from);
}

void removal_list::forget(const std::string& name) {
  const auto i = names_.find(name);
  if (i == names_.end())
    return;
  set_due(i, std::nullopt);
  open_ -= is_open(i->second) ? 1 : 0;
  out_.erase(name);
  left_.erase(name);
  not_removable_.erase(name);
  emptied_.erase(name);
  names_.erase(i);
}

void removal_list::may_come_back(const std::string& name, time_point since) {
  const auto i = names_.find(name);
  if (i != names_.end())
    i->second.lost_at = since;
}

void removal_list::take_from(due_set& from, std::size_t most, time_point now,
                             std::vector<std::string>& into) {
  while (most > 0 && !from.empty() && from.begin()->first <= now) {
    const auto name = from.begin()->second;
    set_due(names_.find(name), std::nullopt);
    out_.insert(name);
    into.push_back(name);
    --most;
  }
}

std::vector<std::string> removal_list::take(time_point now) {
  std::vector<std::string> names;
  take_from(new_, most_new, now, names);
  if (retries_from_ && *retries_from_ > now)
    return names;
  const auto fresh = names.size();
  take_from(retries_, most_retries, now, names);
  if (names.size() > fresh)
    retries_from_ = now + retry_pause;
  return names;
}

void removal_list::tried(const std::string& name, removal_result result,
                         const std::string& reason, time_point now) {
  const auto i = names_.find(name);
  // It may stay by now.
  if (out_.erase(name) == 0 || i == names_.end())
    return;
  auto& state = i->second;
  set_result(i, result, reason);
  if (result == removal_result::removed || result == removal_result::emptied) {
    removed(i, now);
    return;
  }
  if (result == removal_result::impossible)
    return;
  if (!state.delays)
    state.delays.emplace(result == removal_result::denied
                           ? pacing::denied_removals
                           : pacing::removals,
                         ++seeds_);
  set_due(i, now + state.delays->next());
}

void removal_list::removed(name_map::iterator which, time_point now) {
  auto& state = which->second;
  state.delays.reset();
  if (state.lost_at && now - *state.lost_at < longest_lateness) {
    const auto lateness = std::max<std::chrono::nanoseconds>(
      now - *state.lost_at, pacing::first_return / 2);
    set_due(which, *state.lost_at + 2 * lateness);
  } else if (state.result == removal_result::removed) {
    names_.erase(which);
  } else {
    keep_emptied(which);
  }
}

// Of generations, whose names sort by time, the latest.
void removal_list::keep_emptied(name_map::iterator which) {
  emptied_.insert(which->first);
  if (emptied_.size() <= most_emptied)
    return;
  const auto oldest = emptied_.extract(emptied_.begin()).value();
  left_.erase(oldest);
  not_removable_.erase(oldest);
  names_.erase(oldest);
  ++more_emptied_;
}

void removal_list::retry_now(time_point now) {
  for (auto i = names_.begin(); i != names_.end(); ++i) {
    const auto& state = i->second;
    if (state.result && *state.result != removal_result::removed
        && *state.result != removal_result::emptied && !out_.contains(i->first))
      set_due(i, now);
  }
}

bool removal_list::is_untried(const std::string& name) const {
  const auto i = names_.find(name);
  return i != names_.end() && !i->second.result;
}

bool removal_list::may_come_back(const std::string& name) const {
  const auto i = names_.find(name);
  return i != names_.end() && i->second.lost_at && i->second.due;
}

std::optional<removal_list::time_point>
removal_list::lost_at(const std::string& name) const {
  const auto i = names_.find(name);
  return i == names_.end() ? std::nullopt : i->second.lost_at;
}

std::vector<std::string> removal_list::all() const {
  std::vector<std::string> names;
  names.reserve(names_.size());
  for (const auto& entry : names_)
    names.push_back(entry.first);
  return names;
}

std::optional<removal_list::time_point> removal_list::next_due() const {
  std::optional<time_point> due;
  if (!retries_.empty()) {
    due = retries_.begin()->first;
    if (retries_from_)
      due = std::max(*due, *retries_from_);
  }
  if (!new_.empty())
    due = earlier(due, std::optional{new_.begin()->first});
  return due;
}

leftover_page removal_list::leftovers(const std::string& after,
                                      std::size_t most) const {
  return left_.page(after, most, [this](const std::string& name) {
    return names_.at(name).reason;
  });
}

} // namespace fsshare
