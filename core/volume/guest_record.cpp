// SPDX-License-Identifier: Apache-2.0
#include "core/volume/guest_record.hpp"

namespace fsshare {

guest_record with_push(guest_record before, const push_record& push) {
  before.generations[push.name]
    = {guest_record::generation_state::doubtful, {}, push.room};
  auto& attempts = before.attempts;
  attempts[push.host_name] = push.attempts;
  while (attempts.size() > guest_record::most_attempts)
    attempts.erase(attempts.begin());
  for (const auto& name : push.links)
    before.links[name].state = guest_record::link_state::may_exist;
  if (push.sends_root)
    before.root.is_known = false;
  return before;
}

} // namespace fsshare
