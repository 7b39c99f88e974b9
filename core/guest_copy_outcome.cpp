// SPDX-License-Identifier: Apache-2.0
#include "core/guest_copy.hpp"
#include "core/paths.hpp"

#include <utility>

namespace fsshare {

namespace {

// A partial generation whose removal failed this often is treated as an old
// one: removed when that works, and in nobody's way until then.
constexpr unsigned max_partial_tries = 3;
// So many parts that cannot be removed may pile up between two flips without a
// long wait.
constexpr std::size_t max_left_behind = 3;

} // namespace

void guest_copy::finished(const order_outcome& outcome, time_point now) {
  if (!out_)
    return;
  const auto order = *std::move(out_);
  out_.reset();
  sent_ |= outcome.sent;
  if (std::holds_alternative<push_order>(order))
    push_finished(std::exchange(pushing_, {}), outcome, now);
  else if (const auto* removal = std::get_if<removal_order>(&order))
    removal_finished(*removal, outcome, now);
  else if (unsettled_)
    settle_finished(*std::exchange(unsettled_, std::nullopt), outcome, now);
  else
    root_finished(outcome, now);
}

void guest_copy::push_finished(pending_push push, const order_outcome& outcome,
                               time_point now) {
  push.skipped.add(outcome.skipped);
  switch (outcome.flip) {
  case flip_state::acknowledged:
    went_live(std::move(push), now);
    if (outcome.complete)
      links_acknowledged();
    break;
  case flip_state::unknown:
    generations_[push.name].state = name_state::live;
    // The flip is sent again at once; only if that fails too we wait.
    last_error_ = outcome.err;
    unsettled_ = unsettled_flip{std::move(push), outcome.err};
    return;
  case flip_state::not_sent:
  case flip_state::refused: never_went_live(push.name, outcome.sent); break;
  }
  if (outcome.complete) {
    succeeded();
  } else if (outcome.cause == stop_cause::superseded
             && outcome.flip == flip_state::not_sent) {
    // And the removal of what it left.
    if (outcome.sent)
      wasted_ += outcome.requests + 1;
  } else {
    failed(outcome.err, now);
  }
}

void guest_copy::settle_finished(unsettled_flip flip,
                                 const order_outcome& outcome, time_point now) {
  if (outcome.flip == flip_state::acknowledged) {
    if (flip.back) {
      never_went_live(flip.push.name, true);
      failed(flip.why, now);
    } else {
      went_live(std::move(flip.push), now);
      succeeded();
    }
    return;
  }
  // Without a previous generation there is nothing to flip back to.
  const bool turns_back = !flip.back && acked_;
  unsettled_ = unsettled_flip{std::move(flip.push), outcome.err, turns_back};
  last_error_ = outcome.err;
  if (!turns_back)
    failed(outcome.err, now);
}

void guest_copy::root_finished(const order_outcome& outcome, time_point now) {
  if (!outcome.complete) {
    failed(outcome.err, now);
    return;
  }
  root_unsure_ = false;
  links_acknowledged();
  succeeded();
}

void guest_copy::removal_finished(const removal_order& order,
                                  const order_outcome& outcome,
                                  time_point now) {
  if (leaving_
      && (root_denied_ || order.steps.front().path == settings_.root)) {
    end_removed(order, outcome);
    return;
  }
  bool any_failed = false;
  bool partial_failed = false;
  for (std::size_t i = 0; i < order.steps.size(); ++i) {
    const std::string name{base_name(order.steps[i].path)};
    const auto result = i < outcome.removals.size() ? outcome.removals[i]
                                                    : removal_result::failed;
    any_failed |= result == removal_result::failed;
    note_removal(name, result, outcome.err);
    if (const auto g = generations_.find(name); g != generations_.end()) {
      partial_failed |= result == removal_result::failed
                        && g->second.state == name_state::partial;
      generation_removed(name, result, now);
    } else if (result == removal_result::removed) {
      links_.erase(name);
    } else if (result != removal_result::failed) {
      links_[name].stuck = true;
    } else {
      // It may be gone all the same: wanted again, it has to be sent again.
      links_[name].acknowledged = links_[name].is_unsealed;
    }
  }
  if (partial_failed)
    failed(outcome.err, now);
  else if (any_failed)
    removal_retry_at_ = now + removal_retry_.next();
  else
    removal_retry_.reset();
}

// A policy may forbid to remove the root alone: then all that is in it goes.
void guest_copy::end_removed(const removal_order& order,
                             const order_outcome& outcome) {
  const bool is_denied = !outcome.removals.empty()
                         && outcome.removals.front() == removal_result::denied;
  const bool is_root = order.steps.front().path == settings_.root;
  if (is_root && !outcome.complete)
    leftovers_ = {{settings_.root, outcome.err.message}};
  if (!is_root && outcome.complete)
    leftovers_ = {{settings_.root, "nothing is in it any more; the guest's "
                                   "policy forbids its removal"}};
  left_ = !is_root || !is_denied;
  root_denied_ = is_denied;
}

void guest_copy::note_removal(const std::string& name, removal_result result,
                              const error& err) {
  if (result == removal_result::removed)
    unremoved_.erase(name);
  else
    unremoved_[name] = {result, err.message};
}

void guest_copy::generation_removed(const std::string& name,
                                    removal_result result, time_point now) {
  auto& g = generations_[name];
  if (result == removal_result::removed) {
    generations_.erase(name);
    left_behind_.erase(name);
    if (left_behind_.size() < max_left_behind)
      hold_.reset();
    return;
  }
  const bool in_part = g.state == name_state::partial;
  if (result != removal_result::failed) {
    g.state = name_state::stuck;
  } else if (in_part && ++g.tries >= max_partial_tries) {
    g.state = name_state::old;
    g.old_since = now;
  }
  if (in_part && g.state != name_state::partial)
    left_behind(name, now);
}

void guest_copy::left_behind(const std::string& name, time_point now) {
  left_behind_.insert(name);
  if (left_behind_.size() < max_left_behind)
    return;
  const auto parts = std::to_string(left_behind_.size())
                     + " copies in part cannot be removed from guest path "
                     + settings_.root + ", so the next try waits";
  hold_ = push_hold{now + hold_times_.next(),
                    last_error_ ? last_error_->within(parts)
                                : error{errc::failed_precondition, parts}};
  last_error_ = hold_->why;
}

void guest_copy::went_live(pending_push push, time_point now) {
  for (auto& [name, g] : generations_) {
    if (g.state == name_state::live && name != push.name) {
      g.state = name_state::old;
      g.old_since = now;
    }
  }
  auto& live = generations_[push.name];
  live.state = name_state::live;
  live.sealed = std::move(push.sealed);
  live_name_ = push.name;
  wasted_ = 0;
  left_behind_.clear();
  hold_.reset();
  hold_times_.reset();
  acked_ = push.host;
  root_ = push.root;
  root_unsure_ = false;
  wanted_links_ = {push.links.begin(), push.links.end()};
  skipped_ = std::move(push.skipped);
  for (const auto& name : wanted_links_) {
    auto& link = links_[name];
    link.sent = true;
    // One that was there before may have the owner of another generation.
    link.acknowledged = link.is_unsealed
                        || (link.acknowledged && link.uid == root_.uid
                            && link.gid == root_.gid);
    link.stuck = false;
    unremoved_.erase(name);
  }
  if (keep_until_ && now < *keep_until_)
    keep(live_name_);
}

void guest_copy::keep_sealed(time_point now) {
  keep_until_ = now + container_start;
  keep(live_name_);
}

void guest_copy::keep(const std::string& name) {
  const auto g = generations_.find(name);
  if (g == generations_.end() || g->second.sealed.empty())
    return;
  g->second.is_kept = true;
  for (const auto& file : g->second.sealed)
    if (const auto link = links_.find(file); link != links_.end())
      link->second.is_unsealed |= link->second.acknowledged;
}

void guest_copy::links_acknowledged() {
  for (const auto& name : wanted_links_) {
    auto& link = links_[name];
    link.acknowledged = true;
    link.uid = root_.uid;
    link.gid = root_.gid;
  }
  if (generations_[live_name_].is_kept)
    keep(live_name_);
}

void guest_copy::never_went_live(const std::string& name, bool was_sent) {
  if (was_sent)
    generations_[name].state = name_state::partial;
  else
    generations_.erase(name);
  // Links follow the flip: those of this push alone were never sent.
  std::erase_if(links_, [](const auto& entry) {
    return !entry.second.sent;
  });
}

void guest_copy::succeeded() {
  retry_.reset();
  last_error_.reset();
}

void guest_copy::failed(const error& err, time_point now) {
  last_error_ = err;
  retry_at_ = now + retry_.next();
}

} // namespace fsshare
