// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"

#include <utility>

namespace fsshare {

// Nothing of it has changed where somebody uses it.
void sandbox_state::end_if_unused(const reply_promise<cleanup_reply>& promise) {
  check_unused([this, promise](const status& unused) {
    if (!unused) {
      promise.deliver(to_caf(unused.err()));
      return;
    }
    ask(self_, handle{self_}, cleanup_request{options_.sandbox_id})
      .then(
        [promise](const cleanup_reply& reply) {
          promise.deliver(reply);
        },
        [promise](caf::error& err) {
          promise.deliver(std::move(err));
        });
  });
}

// A guest that is connected runs, and reads its copies.
void sandbox_state::check_unused(const status_handler& then) {
  const auto subject = "sandbox '" + options_.sandbox_id + "': ";
  if (!copies()) {
    run(plan_use_check(layout_), [then](const status& unused) {
      const bool is_away = !unused && unused.err().code == errc::not_found;
      then(is_away ? status{unit{}} : unused);
    });
    return;
  }
  if (!proxy_) {
    then(unit{});
    return;
  }
  ask(self_, proxy_, guest_status_request{})
    .then(
      [then, subject](const guest_status& guest) {
        if (guest.connected)
          then(error{errc::failed_precondition,
                     subject + "its guest agent is connected"});
        else
          then(unit{});
      },
      [then](caf::error& err) {
        then(from_caf(err));
      });
}

} // namespace fsshare
