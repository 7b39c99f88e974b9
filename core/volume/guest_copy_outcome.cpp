// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "core/volume/guest_copy.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

bool same_owner(const tree_entry& x, const tree_entry& y) {
  return x.uid == y.uid && x.gid == y.gid;
}

// Whether what is in part there has the room that the next try needs.
bool is_full(const order_outcome& outcome) {
  const auto& why = outcome.err;
  return why.code == errc::resource_exhausted
         || why.message.find("(os error 28)") != std::string::npos
         || why.message.find("ENOSPC") != std::string::npos;
}

// Whether requests may still happen, though nobody answers them any more.
bool lost_answers(const order_outcome& outcome) {
  return outcome.sent
         && (outcome.cause == stop_cause::interrupted
             || outcome.cause == stop_cause::doubtful);
}

} // namespace

order_verdict guest_copy::finished(const order_outcome& outcome,
                                   time_point now) {
  sent_ |= outcome.sent;
  if (!outcome.removals.empty()) {
    if (const auto order = std::exchange(removing_, std::nullopt))
      removal_finished(*order, outcome, now);
    return order_verdict::went_on;
  }
  if (!out_)
    return order_verdict::went_on;
  const auto order = *std::exchange(out_, std::nullopt);
  auto verdict = order_verdict::went_on;
  switch (order.why) {
  case purpose::push:
    verdict = push_finished(std::exchange(pushing_, {}), outcome, now);
    break;
  case purpose::settle:
    verdict
      = settle_finished(*std::exchange(unsettled_, std::nullopt), outcome, now);
    break;
  case purpose::repair:
    verdict = repair_finished(std::get<steps_order>(order.order), outcome, now);
    break;
  case purpose::confirm: verdict = confirm_finished(outcome, now); break;
  }
  if (std::exchange(restarts_, false))
    start_over(now);
  return verdict;
}

order_verdict guest_copy::push_finished(pending_push push,
                                        const order_outcome& outcome,
                                        time_point now) {
  push.skipped.add(outcome.skipped);
  push.unlinked = outcome.unlinked;
  // What was left out is not there, and nobody need see to it.
  for (const auto& name : outcome.left_out) {
    std::erase(push.links, name);
    push.sent_links.erase(name);
  }
  switch (outcome.flip) {
  case flip_state::acknowledged: {
    const auto sent_links = push.sent_links;
    went_live(std::move(push), now);
    push_tries_.succeeded();
    links_sent(sent_links, outcome, now);
    if (outcome.complete)
      return order_verdict::went_on;
    repair_tries_.failed(outcome.err, now);
    return order_verdict::failed;
  }
  case flip_state::unknown:
    generations_[push.name].state = name_state::live;
    if (lost_answers(outcome))
      doubt_.lost(push.name, now);
    // The flip is sent again at once; only if that fails too we wait.
    unsettled_ = unsettled_flip{std::move(push), outcome.err};
    return order_verdict::went_on;
  case flip_state::not_sent:
  case flip_state::refused: break;
  }
  never_went_live(push, outcome, now);
  return push_failed(outcome, now);
}

order_verdict guest_copy::push_failed(const order_outcome& outcome,
                                      time_point now) {
  if (outcome.cause == stop_cause::superseded
      && outcome.flip == flip_state::not_sent) {
    if (outcome.sent)
      wasted_ += outcome.requests;
    return order_verdict::went_on;
  }
  needs_room_ = is_full(outcome);
  push_tries_.failed(outcome.err, now);
  return order_verdict::failed;
}

order_verdict guest_copy::settle_finished(unsettled_flip flip,
                                          const order_outcome& outcome,
                                          time_point now) {
  if (outcome.flip == flip_state::acknowledged) {
    settle_tries_.succeeded();
    if (is_live(flip.push)) {
      flip_acknowledged(now);
      return order_verdict::went_on;
    }
    if (flip.back) {
      never_went_live(flip.push, outcome, now);
      flip_acknowledged(now);
      push_tries_.failed(flip.why, now);
      return order_verdict::failed;
    }
    went_live(std::move(flip.push), now);
    push_tries_.succeeded();
    return order_verdict::went_on;
  }
  if (outcome.flip == flip_state::unknown && lost_answers(outcome))
    doubt_.lost(flip.back ? live_name_ : flip.push.name, now);
  // Without a previous generation there is nothing to flip back to.
  const bool turns_back = !flip.back && acked_ && !is_live(flip.push);
  unsettled_ = unsettled_flip{std::move(flip.push), outcome.err, turns_back};
  if (turns_back)
    return order_verdict::went_on;
  settle_tries_.failed(outcome.err, now);
  return order_verdict::failed;
}

order_verdict guest_copy::repair_finished(const steps_order& order,
                                          const order_outcome& outcome,
                                          time_point now) {
  std::set<std::string> links;
  for (const auto& step : order.steps)
    if (step.path != settings_.root)
      links.emplace(base_name(step.path));
  links_sent(links, outcome, now);
  if (!outcome.complete) {
    repair_tries_.failed(outcome.err, now);
    return order_verdict::failed;
  }
  root_unsure_ = false;
  repair_tries_.succeeded();
  return order_verdict::went_on;
}

order_verdict guest_copy::confirm_finished(const order_outcome& outcome,
                                           time_point now) {
  if (outcome.flip == flip_state::acknowledged) {
    flip_acknowledged(now);
    return order_verdict::went_on;
  }
  doubt_.postpone(now);
  if (outcome.flip != flip_state::unknown || !acked_)
    return order_verdict::went_on;
  if (lost_answers(outcome))
    doubt_.lost(live_name_, now);
  // It may have taken `..data` away.
  pending_push live;
  live.name = live_name_;
  live.host = *acked_;
  live.root = root_;
  live.links = {wanted_links_.begin(), wanted_links_.end()};
  live.skipped = skipped_;
  unsettled_ = unsettled_flip{std::move(live), outcome.err};
  return order_verdict::went_on;
}

void guest_copy::went_live(pending_push push, time_point now) {
  for (auto& [name, g] : generations_) {
    if (name == push.name || g.state == name_state::old)
      continue;
    g.was_live = g.state == name_state::live;
    g.state = name_state::old;
    g.old_since = now;
    if (!g.was_live)
      remove_old(name, now);
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
  // A removal that is out hands the owner before on to the root.
  root_unsure_ = removing_ && !same_owner(root_, push.root);
  root_ = push.root;
  links_went_live(push, now);
  skipped_ = std::move(push.skipped);
  flip_acknowledged(now);
  if (keep_until_ && now < *keep_until_)
    keep(live_name_);
  keep_some(now);
}

void guest_copy::links_went_live(const pending_push& push, time_point now) {
  for (const auto& name : push.unlinked) {
    links_.erase(name);
    removals_.forget(name);
  }
  wanted_links_ = {push.links.begin(), push.links.end()};
  for (const auto& name : wanted_links_) {
    auto& link = links_[name];
    // One that was there before may have the owner of another generation.
    link.acknowledged
      = link.is_unsealed
        || (link.acknowledged && link.uid == root_.uid && link.gid == root_.gid
            && !removals_.is_out(name));
    if (!removals_.is_out(name))
      removals_.forget(name);
  }
  list_stale_links(now);
}

void guest_copy::links_sent(const std::set<std::string>& names,
                            const order_outcome& outcome, time_point now) {
  for (const auto& name : names) {
    auto& link = links_[name];
    link.sent = true;
    link.acknowledged = outcome.complete;
    link.uid = root_.uid;
    link.gid = root_.gid;
    if (lost_answers(outcome))
      link.lost_at = now;
  }
  if (generations_[live_name_].is_kept)
    keep(live_name_);
}

void guest_copy::never_went_live(const pending_push& push,
                                 const order_outcome& outcome, time_point now) {
  if (outcome.sent) {
    auto& g = generations_[push.name];
    g.state = name_state::partial;
    if (outcome.flip == flip_state::not_sent && lost_answers(outcome))
      g.lost_at = now;
  } else {
    generations_.erase(push.name);
  }
  // They were removed for its sake.
  for (const auto& name : push.unlinked)
    links_[name].acknowledged = false;
  list_stale_links(now);
}

} // namespace fsshare
