// SPDX-License-Identifier: Apache-2.0
#include "core/volume/guest_copy.hpp"

#include <utility>

namespace fsshare {

namespace {

using namespace copy_state;

// Whether what is in part there has the room that the next try needs.
bool is_full(const order_outcome& outcome) {
  const auto& why = outcome.err;
  return why.code == errc::resource_exhausted
         || why.message.find("(os error 28)") != std::string::npos
         || why.message.find("ENOSPC") != std::string::npos;
}

} // namespace

order_verdict guest_copy::finished(const order_outcome& outcome,
                                   time_point now) {
  if (outcome.sent)
    names_.was_sent();
  if (!outcome.removals.empty()) {
    removal_finished(outcome, now);
    return order_verdict::went_on;
  }
  const auto* order = out();
  if (order == nullptr)
    return order_verdict::went_on;
  auto end = std::visit(
    [&](auto which) {
      return ended(std::move(which), outcome, now);
    },
    order_out{*order});
  if (std::holds_alternative<outdated>(state_)) {
    start_over(now);
    state_ = idle{};
  } else if (auto* leave = std::get_if<leaving>(&state_)) {
    leave->order.reset();
  } else {
    state_ = std::move(end.next);
  }
  return end.verdict;
}

guest_copy::order_end
guest_copy::ended(pushing out, const order_outcome& outcome, time_point now) {
  auto& push = out.effect;
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
    names_.links_sent(sent_links, outcome, now);
    if (outcome.complete) {
      if (names_.is_repaired())
        pace_.repairs().succeeded();
      return {};
    }
    pace_.repairs().failed(outcome.err, now);
    return {order_verdict::failed};
  }
  case flip_state::unknown:
    names_.flip_unknown(push);
    if (lost_answers(outcome))
      names_.flip_lost(push.name, now);
    // The flip is sent again at once; only if that fails too we wait.
    return {order_verdict::went_on, unsettled{std::move(push), outcome.err}};
  case flip_state::not_sent:
  case flip_state::refused: break;
  }
  names_.never_went_live(push, outcome, now);
  return {push_failed(outcome, now)};
}

order_verdict guest_copy::push_failed(const order_outcome& outcome,
                                      time_point now) {
  if (outcome.cause == stop_cause::superseded
      && outcome.flip == flip_state::not_sent) {
    if (outcome.sent)
      pace_.wasted(outcome.requests);
    return order_verdict::went_on;
  }
  if (is_full(outcome))
    names_.room_is_short();
  pace_.pushes().failed(outcome.err, now);
  return order_verdict::failed;
}

guest_copy::order_end guest_copy::ended(settling tried,
                                        const order_outcome& outcome,
                                        time_point now) {
  auto& flip = tried.flip;
  const bool is_back = flip.next == direction::back;
  if (outcome.flip == flip_state::acknowledged) {
    pace_.settling().succeeded();
    if (names_.is_live(flip.push)) {
      names_.flip_acknowledged(now);
      return {};
    }
    if (is_back) {
      names_.never_went_live(flip.push, outcome, now);
      names_.flip_acknowledged(now);
      pace_.pushes().failed(flip.why, now);
      return {order_verdict::failed};
    }
    went_live(std::move(flip.push), now);
    return {};
  }
  if (outcome.flip == flip_state::unknown && lost_answers(outcome))
    names_.flip_lost(is_back ? names_.live_name() : flip.push.name, now);
  flip.why = outcome.err;
  // Without a previous generation there is nothing to flip back to.
  if (!is_back && names_.acknowledged() && !names_.is_live(flip.push)) {
    flip.next = direction::back;
    return {order_verdict::went_on, std::move(flip)};
  }
  if (flip.is_whole)
    flip.next = direction::forward;
  pace_.settling().failed(outcome.err, now);
  return {order_verdict::failed, std::move(flip)};
}

guest_copy::order_end guest_copy::ended(const repairing& repair,
                                        const order_outcome& outcome,
                                        time_point now) {
  names_.links_sent(repair.links, outcome, now);
  if (!outcome.complete) {
    pace_.repairs().failed(outcome.err, now);
    return {order_verdict::failed};
  }
  names_.repaired();
  pace_.repairs().succeeded();
  return {};
}

guest_copy::order_end
guest_copy::ended(confirming, const order_outcome& outcome, time_point now) {
  if (outcome.flip == flip_state::acknowledged) {
    names_.flip_acknowledged(now);
    return {};
  }
  names_.flip_postponed(now);
  if (outcome.flip != flip_state::unknown || !names_.acknowledged())
    return {};
  if (lost_answers(outcome))
    names_.flip_lost(names_.live_name(), now);
  // It may have taken `..data` away.
  return {order_verdict::went_on, unsettled{names_.live(), outcome.err}};
}

void guest_copy::went_live(push_effect push, time_point now) {
  names_.went_live(std::move(push), now);
  pace_.flipped();
  pace_.pushes().succeeded();
}

void guest_copy::removal_finished(const order_outcome& outcome,
                                  time_point now) {
  if (std::holds_alternative<removing_root>(state_)) {
    root_tried(outcome);
    return;
  }
  const auto* emptying = std::get_if<emptying_root>(&state_);
  if (emptying != nullptr && emptying->at == emptying_root::step::out) {
    root_emptied(outcome);
    return;
  }
  const auto order = std::exchange(removing_, std::nullopt);
  if (!order)
    return;
  const auto parts = names_.removals_tried(*order, outcome, now);
  for (const auto& name : parts.gone)
    pace_.removed(name);
  for (const auto& name : parts.left)
    pace_.note_leftover(name, names_.root(), now);
}

// A policy may forbid to remove the root alone: then all that is in it goes.
void guest_copy::root_tried(const order_outcome& outcome) {
  std::vector<path_reason> leftovers;
  if (!outcome.complete)
    leftovers.push_back({names_.root(), outcome.err.message});
  if (outcome.removals.front() == removal_result::denied)
    state_ = emptying_root{emptying_root::step::due, std::move(leftovers)};
  else
    state_ = copy_state::gone{std::move(leftovers)};
}

void guest_copy::root_emptied(const order_outcome& outcome) {
  auto leftovers = std::move(std::get<emptying_root>(state_).leftovers);
  if (outcome.complete)
    leftovers = {{names_.root(), "nothing is in it any more; the guest's "
                                 "policy forbids its removal"}};
  state_ = copy_state::gone{std::move(leftovers)};
}

} // namespace fsshare
