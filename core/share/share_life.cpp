// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_life.hpp"

namespace fsshare {

admission share_life::again() const {
  switch (phase_) {
  case share_phase::admitted:
  case share_phase::making: return admission::wait;
  case share_phase::ready: return admission::answer;
  case share_phase::unwanted:
  case share_phase::leaving: break;
  }
  return admission::refuse;
}

void share_life::making() {
  if (phase_ == share_phase::admitted)
    phase_ = share_phase::making;
}

share_step share_life::made(bool succeeded) {
  switch (phase_) {
  case share_phase::admitted:
  case share_phase::making:
    if (!succeeded)
      return share_step::forget;
    phase_ = share_phase::ready;
    return share_step::nothing;
  case share_phase::unwanted: return leave();
  case share_phase::ready:
  case share_phase::leaving: break;
  }
  return share_step::nothing;
}

share_step share_life::end() {
  switch (phase_) {
  case share_phase::admitted: leave(); return share_step::forget;
  case share_phase::making: phase_ = share_phase::unwanted; break;
  case share_phase::ready: return leave();
  case share_phase::unwanted:
  case share_phase::leaving: break;
  }
  return share_step::nothing;
}

share_step share_life::end_at_once() {
  return phase_ == share_phase::making ? leave() : end();
}

share_step share_life::taken_away(bool all) {
  if (phase_ != share_phase::leaving)
    return share_step::nothing;
  if (all)
    return share_step::forget;
  phase_ = share_phase::ready;
  return share_step::nothing;
}

share_step share_life::leave() {
  phase_ = share_phase::leaving;
  return share_step::take_away;
}

} // namespace fsshare
