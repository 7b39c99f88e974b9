// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"

#include <utility>

namespace fsshare {

void registry_state::perform(leave_leftovers& action) {
  const auto i = destinations_.find(action.destination);
  if (i == destinations_.end())
    return;
  for (const auto& leftover : action.paths)
    recorder_.record(i->second.sandbox_id,
                     recorded_leftover{leftover.path, leftover.reason});
  for (auto& leftover : action.paths)
    hand_leftover(i->second.sandbox_id, i->second.proxy,
                  {std::move(leftover.path), std::move(leftover.reason)});
}

registry_state::sandbox_leftovers&
registry_state::leftovers_of(const std::string& sandbox_id) {
  auto& left = leftovers_by_sandbox_[sandbox_id];
  if (left.number == 0)
    left.number = ++last_leftovers_;
  return left;
}

// A proxy that dies before it takes a leftover does not leave it to the next
// one.
void registry_state::hand_leftover(const std::string& sandbox_id,
                                   const guest_proxy_actor& proxy,
                                   const take_leftover& leftover) {
  const auto number = leftovers_of(sandbox_id).number;
  ask(self_, proxy, leftover)
    .then([] {},
          [this, sandbox_id, number, proxy, leftover](caf::error&) {
            const auto i = leftovers_by_sandbox_.find(sandbox_id);
            // Leftovers end with the sandbox.
            if (i == leftovers_by_sandbox_.end() || i->second.number != number)
              return;
            const auto next = i->second.successor;
            if (next && next != proxy)
              hand_leftover(sandbox_id, next, leftover);
            else
              i->second.untaken.push_back(leftover);
          });
}

} // namespace fsshare
