// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace fsshare {

caf::result<share_files_reply>
sandbox_state::handle_request(const share_files_request& msg) {
  if (auto ready = state_.check_guest(); !ready)
    return to_caf(ready.err());
  name_container(msg.container_id, msg.container_name);
  auto all = std::make_shared<shared_files>();
  all->container_id = msg.container_id;
  all->all_or_nothing = msg.all_or_nothing;
  all->missing = msg.mounts.size();
  all->promise = sharing_files_.add(self_);
  const auto promise = all->promise;
  const error unknown{errc::internal, "no answer"};
  all->outcomes.assign(msg.mounts.size(), unknown);
  if (msg.mounts.empty())
    all->promise.deliver(share_files_reply{});
  for (std::size_t i = 0; i < msg.mounts.size(); ++i) {
    const auto& mount = msg.mounts[i];
    all->destinations.push_back(mount.destination);
    all->known_before.push_back(state_.find(msg.container_id, mount.destination)
                                != nullptr);
    const auto note = [this, all, i](result<share_file_reply> outcome) {
      all->outcomes[i] = std::move(outcome);
      if (--all->missing == 0)
        files_shared(all);
    };
    ask(self_, handle{self_},
        share_file_request{msg.sandbox_id, msg.container_id, mount,
                           msg.container_name})
      .then(
        [note](share_file_reply& reply) {
          note(std::move(reply));
        },
        [note](caf::error& err) {
          note(from_caf(err));
        });
  }
  return promise;
}

void sandbox_state::files_shared(const files_ptr& all) {
  const auto& outcomes = all->outcomes;
  const auto failure
    = std::find_if(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
        return !outcome;
      });
  if (failure == outcomes.end() || !all->all_or_nothing)
    all->promise.deliver(share_files_reply{std::move(all->outcomes)});
  else
    end_made(all, failure->err());
}

// Takes away again what was made for a request of which one mount has failed.
void sandbox_state::end_made(const files_ptr& all, const error& why) {
  const auto told = std::make_shared<error>(why);
  // One more than there are, so that none is an end, too.
  all->missing = 1;
  const auto one_less = [all, told] {
    if (--all->missing == 0)
      all->promise.deliver(to_caf(*told));
  };
  for (std::size_t i = 0; i < all->outcomes.size(); ++i) {
    if (!all->outcomes[i] || all->known_before[i])
      continue;
    // Somebody may have ended it already.
    auto* made = state_.find(all->container_id, all->destinations[i]);
    if (made == nullptr)
      continue;
    ++all->missing;
    end_share(*made, [told, one_less](const result<path_reasons>& outcome) {
      if (!outcome)
        told->message += "; and what was made stays: " + outcome.err().message;
      one_less();
    });
  }
  one_less();
}

} // namespace fsshare
