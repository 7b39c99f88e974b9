// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"

#include "log/log.hpp"

#include <utility>

namespace fsshare {

caf::result<set_guest_reply>
sandbox_state::handle_request(const set_guest_request& msg) {
  const auto before = told_by(state_.request());
  if (auto told = state_.set_guest(msg); !told)
    return to_caf(told.err());
  const auto promise = setting_guest_.add(self_);
  note_guest(before, [promise]() mutable {
    promise.deliver(set_guest_reply{});
  });
  return promise;
}

// Goes on when what is known of the guest is written down, and its proxy there
// if it can be: whoever is answered may share then.
void sandbox_state::note_guest(const set_guest_request& before,
                               const std::function<void()>& then) {
  const auto& known = state_.request();
  const auto is_new = known.guest_address != before.guest_address
                      || known.guest_memory_bytes != before.guest_memory_bytes
                      || known.policy != before.policy;
  if (!is_new && !awaits_proxy()) {
    then();
    return;
  }
  record(
    recorded_guest{known.guest_address, known.guest_memory_bytes, known.policy},
    [this, then] {
      if (awaits_proxy())
        start_proxy(nullptr);
      then();
    });
}

// While Prepare runs its end brings the proxy.
bool sandbox_state::awaits_proxy() const {
  return copies() && !proxy_ && state_.phase() == sandbox_phase::prepared
         && !state_.request().guest_address.empty();
}

void sandbox_state::name_sandbox() {
  const auto& labels = state_.request().labels;
  labels_
    = labels.empty() ? nullptr : std::make_shared<const label_map>(labels);
  log::name_sandbox(options_.sandbox_id, joined(labels));
}

// The latest that was told; nothing told forgets nothing.
void sandbox_state::name_container(const std::string& id,
                                   const std::string& called) {
  if (called.empty())
    return;
  container_names_[id] = called;
  log::name_container(options_.sandbox_id, id, called);
}

std::string sandbox_state::name_of(const std::string& container_id) const {
  const auto known = container_names_.find(container_id);
  return known == container_names_.end() ? std::string{} : known->second;
}

// Of a container that has nothing any more.
void sandbox_state::forget_name(const std::string& container_id) {
  if (state_.has_shares(container_id) || rootfs_.contains(container_id)
      || container_names_.erase(container_id) == 0)
    return;
  log::name_container(options_.sandbox_id, container_id, {});
}

} // namespace fsshare
