// SPDX-License-Identifier: Apache-2.0
#include "core/net/dial_gate.hpp"

namespace fsshare {

dial_gate::ticket dial_gate::enter() {
  waiting_.push_back(++last_);
  return last_;
}

std::vector<dial_gate::ticket> dial_gate::begin(time_point now) {
  while (!held_until_.empty() && held_until_.begin()->second <= now)
    held_until_.erase(held_until_.begin());
  std::vector<ticket> out;
  while (!waiting_.empty() && held_until_.size() < settings_.slots) {
    out.push_back(waiting_.front());
    waiting_.pop_front();
    held_until_.emplace(out.back(), now + settings_.patience);
  }
  return out;
}

void dial_gate::leave(ticket which) {
  held_until_.erase(which);
}

std::optional<dial_gate::time_point> dial_gate::next_due() const {
  if (waiting_.empty() || held_until_.empty())
    return std::nullopt;
  return held_until_.begin()->second;
}

} // namespace fsshare
