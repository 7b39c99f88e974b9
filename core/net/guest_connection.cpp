// SPDX-License-Identifier: Apache-2.0
#include "core/net/guest_connection.hpp"

#include "core/earlier.hpp"

#include <algorithm>

namespace fsshare {

namespace state = connection_state;

guest_connection::guest_connection(const settings& s)
  : settings_(s), redials_(pacing::redials, s.seed),
    patience_(s.request_timeout), dial_limit_(s.dial_timeout) {
}

bool guest_connection::call() {
  const auto* now_down = std::get_if<state::down>(&state_);
  if (now_down == nullptr || now_down->redial_at)
    return false;
  state_ = state::dialing{};
  return true;
}

std::optional<guest_connection::time_point>
guest_connection::idle_due(std::optional<time_point> debts_due) const {
  auto due = earlier(debts_due, lost_at_);
  if (due && idle_called_at_)
    due = std::max(*due, *idle_called_at_ + settings_.idle_interval);
  return due;
}

// One call is for all of them.
bool guest_connection::idle_call(std::optional<time_point> debts_due,
                                 time_point now) {
  const auto due = idle_due(debts_due);
  if (!is<state::down>() || !due || *due > now)
    return false;
  idle_called_at_ = now;
  return true;
}

bool guest_connection::redial_wait_ends(time_point now) {
  auto* now_down = std::get_if<state::down>(&state_);
  if (now_down == nullptr || !now_down->redial_at || *now_down->redial_at > now)
    return false;
  now_down->redial_at.reset();
  return true;
}

void guest_connection::dialed() {
  if (!is<state::dialing>())
    return;
  is_refused_ = false;
  state_ = state::greeting{};
}

void guest_connection::refused(time_point now) {
  if (!is<state::dialing>())
    return;
  is_refused_ = true;
  state_ = state::down{now + redials_.next()};
}

void guest_connection::hang_up() {
  if (!is<state::down>())
    state_ = state::down{};
}

guest_connection::step guest_connection::answered(question what,
                                                  time_point now) {
  if (is<state::greeting>())
    return greeting_answered(what, now);
  if (what == question::version)
    return step::none;
  if (is<state::checking>())
    return checking_answered(now);
  if (const auto* p = std::get_if<state::probing>(&state_)) {
    state_ = state::up{now, p->of};
    return step::resumed;
  }
  return step::none;
}

guest_connection::step guest_connection::greeting_answered(question what,
                                                           time_point now) {
  using unanswered = state::greeting::unanswered;
  auto& left = std::get<state::greeting>(state_).left;
  const auto other
    = what == question::check ? unanswered::version : unanswered::check;
  if (left == unanswered::both || left == other) {
    left = other;
    return step::none;
  }
  if (has_stragglers_ && settings_.quiet_time > duration::zero()) {
    state_ = state::quiet{now + settings_.quiet_time};
    return step::silence;
  }
  has_stragglers_ = false;
  state_ = state::ready{};
  return step::ready;
}

// A guest that was paused meanwhile has carried nothing out: it shows by being
// slow to answer, and the silence begins anew.
guest_connection::step guest_connection::checking_answered(time_point now) {
  const auto& check = std::get<state::checking>(state_);
  const bool is_slow
    = now - check.since > std::max(settings_.quiet_time, pacing::slow_check);
  if (is_slow && check.slow_rounds + 1 < pacing::most_silences) {
    state_ = state::quiet{now + settings_.quiet_time, check.slow_rounds + 1};
    return step::silence;
  }
  has_stragglers_ = false;
  state_ = state::ready{};
  return step::ready;
}

bool guest_connection::silence_ends(time_point now) {
  const auto* q = std::get_if<state::quiet>(&state_);
  if (q == nullptr || q->until > now)
    return false;
  state_ = state::checking{now, q->slow_rounds};
  return true;
}

void guest_connection::look() {
  if (is<state::ready>())
    state_ = state::looking{};
}

void guest_connection::come_up(time_point now) {
  if (!is<state::ready>() && !is<state::looking>())
    return;
  state_ = state::up{now};
  lost_at_.reset();
  dial_limit_ = settings_.dial_timeout;
}

void guest_connection::heard(time_point now) {
  if (auto* u = std::get_if<state::up>(&state_))
    u->heard_at = now;
}

void guest_connection::taken(std::size_t unanswered, time_point now) {
  patience_.heard(now, unanswered > 0);
}

void guest_connection::request_sent(time_point now) {
  patience_.sent(now);
}

void guest_connection::request_answered() {
  if (auto* u = std::get_if<state::up>(&state_))
    u->of = state::use::answered;
  redials_.reset();
}

bool guest_connection::is_long_idle(time_point now) const {
  const auto* u = std::get_if<state::up>(&state_);
  return u != nullptr && now - u->heard_at >= pacing::long_idle;
}

void guest_connection::probe() {
  if (const auto* u = std::get_if<state::up>(&state_))
    state_ = state::probing{u->of};
}

answer_patience::verdict guest_connection::silence_at(time_point now) {
  const auto verdict = patience_.at(now);
  if (verdict == answer_patience::verdict::give_up)
    dial_limit_ = settings_.dial_timeout + settings_.request_timeout;
  return verdict;
}

guest_connection::loss guest_connection::lost(std::size_t unanswered,
                                              time_point now) {
  if (is<state::down>())
    return loss::unreached;
  has_stragglers_ |= unanswered > 0 || is<state::looking>();
  patience_.ended();
  const auto* u = std::get_if<state::up>(&state_);
  if (u != nullptr || is<state::probing>()) {
    // A guest agent that ends at its first request is not dialed at once for
    // ever.
    const bool is_of_use = u == nullptr || u->of == state::use::answered;
    state_ = is_of_use ? state::down{} : state::down{now + redials_.next()};
    return loss::in_use;
  }
  const bool is_greeted = !is_connecting();
  state_ = state::down{now + redials_.next()};
  return is_greeted ? loss::greeted : loss::unreached;
}

void guest_connection::doubt_guest(time_point now) {
  if (!lost_at_)
    lost_at_ = now;
}

bool guest_connection::is_sought(time_point now) const {
  return lost_at_ && now < *lost_at_ + settings_.dial_timeout;
}

guest_connection::duration guest_connection::answer_limit() const {
  if (is_up())
    return settings_.request_timeout;
  return std::min(settings_.request_timeout, is<state::probing>()
                                               ? pacing::probe
                                               : settings_.dial_timeout);
}

// A guest that is gone keeps no end of a share up: what is to be removed there
// is a leftover then, or ends with the guest.
guest_connection::time_point guest_connection::wait_ends(time_point since,
                                                         purpose what) const {
  if (what == purpose::copies)
    return since + dial_limit_;
  const auto limit = is_refused_ ? pacing::refused_end : settings_.end_timeout;
  return since + std::min(limit, dial_limit_);
}

std::optional<guest_connection::time_point>
guest_connection::next_due(std::optional<time_point> debts_due) const {
  auto due = patience_.due();
  if (const auto* q = std::get_if<state::quiet>(&state_))
    due = earlier(due, std::optional{q->until});
  if (const auto* d = std::get_if<state::down>(&state_))
    due = earlier(earlier(due, d->redial_at), idle_due(debts_due));
  if (is_up())
    due = earlier(due, debts_due);
  return due;
}

bool guest_connection::is_guest_silent() const {
  return patience_.is_asked() || (is_connecting() && (is_refused_ || lost_at_));
}

bool guest_connection::is_connecting() const {
  return is<state::down>() || is<state::dialing>() || is<state::greeting>();
}

} // namespace fsshare
