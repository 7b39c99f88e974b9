// SPDX-License-Identifier: Apache-2.0
#include "core/net/answer_patience.hpp"

#include <algorithm>

namespace fsshare {

answer_patience::answer_patience(duration longest)
  : longest_(longest), patience_(std::min(shortest, longest)) {
}

void answer_patience::sent(time_point now) {
  if (phase_ != phase::owes_nothing)
    return;
  phase_ = phase::silent;
  since_ = now;
}

void answer_patience::heard(time_point now, bool owes) {
  phase_ = owes ? phase::silent : phase::owes_nothing;
  since_ = now;
}

void answer_patience::ended() {
  phase_ = phase::owes_nothing;
}

answer_patience::verdict answer_patience::at(time_point now) {
  const auto when = due();
  if (!when || now < *when)
    return verdict::wait;
  if (phase_ == phase::silent) {
    phase_ = phase::asked;
    since_ = now;
    return verdict::ask;
  }
  patience_ = std::min(patience_ * 2, longest_);
  ended();
  return verdict::give_up;
}

std::optional<answer_patience::time_point> answer_patience::due() const {
  switch (phase_) {
  case phase::silent: return since_ + until_asked;
  case phase::asked: return since_ + patience_;
  case phase::owes_nothing: break;
  }
  return std::nullopt;
}

} // namespace fsshare
