// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"
#include "core/text/sentence_list.hpp"

#include <utility>

namespace fsshare {

namespace {

// Collects what the ends of several shares left behind, and answers when the
// last of them has ended.
template <class Reply>
struct gathering {
  std::size_t missing = 0;
  Reply reply;
  std::vector<std::string> errors;
  errc code = errc::none;
  reply_promise<Reply> promise;

  void note(const error& err) {
    if (code == errc::none)
      code = err.code;
    errors.push_back(err.message);
  }

  void one_less() {
    if (--missing > 0)
      return;
    if (code == errc::none)
      promise.deliver(std::move(reply));
    else
      promise.deliver(to_caf({code, listed(errors, "; ")}));
  }
};

} // namespace

caf::result<unshare_file_reply>
sandbox_state::handle_request(const unshare_file_request& msg) {
  if (auto checked = state_.check_prepared(); !checked)
    return to_caf(checked.err());
  auto* s = msg.share_id.empty()
              ? state_.find(msg.container_id, msg.destination)
              : state_.find(msg.share_id);
  if (s == nullptr)
    return unshare_file_reply{};
  const reply_promise<unshare_file_reply> promise{self_};
  end_share(*s, [promise](const result<path_reasons>& outcome) mutable {
    if (outcome)
      promise.deliver(unshare_file_reply{*outcome});
    else
      promise.deliver(to_caf(outcome.err()));
  });
  return promise;
}

caf::result<unshare_container_reply>
sandbox_state::handle_request(const unshare_container_request& msg) {
  if (auto checked = state_.check_prepared(); !checked)
    return to_caf(checked.err());
  const auto ids = state_.shares_of(msg.container_id);
  auto all = std::make_shared<gathering<unshare_container_reply>>();
  all->promise = reply_promise<unshare_container_reply>{self_};
  // One more than there are shares, for the root filesystem.
  all->missing = ids.size() + 1;
  auto promise = all->promise;
  for (const auto& id : ids)
    end_share(*state_.find(id), [all](const result<path_reasons>& outcome) {
      if (outcome)
        all->reply.leftovers.insert(all->reply.leftovers.end(),
                                    outcome->begin(), outcome->end());
      else
        all->note(outcome.err());
      all->one_less();
    });
  end_rootfs(msg.container_id, [all](const status& outcome) {
    if (!outcome)
      all->note(outcome.err());
    all->one_less();
  });
  return promise;
}

caf::result<unshare_rootfs_reply>
sandbox_state::handle_request(const unshare_rootfs_request& msg) {
  if (auto checked = state_.check_prepared(); !checked)
    return to_caf(checked.err());
  const reply_promise<unshare_rootfs_reply> promise{self_};
  end_rootfs(msg.container_id, [promise](const status& outcome) mutable {
    if (outcome)
      promise.deliver(unshare_rootfs_reply{});
    else
      promise.deliver(to_caf(outcome.err()));
  });
  return promise;
}

void sandbox_state::end_share(share& s, ended then) {
  const auto id = s.share_id;
  auto& owed = waiting_[id];
  owed.enders.push_back(std::move(then));
  // A copy is left at once: who makes it stops. A bind that is being made takes
  // away what it made when it ends.
  const auto step
    = s.kind == share_kind::bind ? s.life.end() : s.life.end_at_once();
  const error why{errc::aborted,
                  "share " + s.request.mount.source + ": unshared meanwhile"};
  for (auto& promise : std::exchange(owed.callers, {}))
    promise.deliver(to_caf(why));
  if (step == share_step::take_away)
    take_away(id);
  else if (step == share_step::forget)
    // Its source is being looked at, which may take any time; nothing is made.
    gone(id, path_reasons{});
}

// Takes away what a share that is ready, has just ended or waits for a copy has
// on the host or in the guest.
void sandbox_state::take_away(const std::string& id) {
  switch (state_.find(id)->kind) {
  case share_kind::unknown: gone(id, path_reasons{}); return;
  case share_kind::bind:
    record(recorded_share_progress{id, recorded_phase::leaving}, [this, id] {
      if (state_.find(id) != nullptr)
        unmount_share(id);
    });
    return;
  case share_kind::volume:
  case share_kind::tree:
  case share_kind::local:
    record(recorded_share_progress{id, recorded_phase::leaving}, [this, id] {
      if (state_.find(id) != nullptr)
        leave_copy(id);
    });
    return;
  }
}

void sandbox_state::unmount_share(const std::string& id) {
  run(plan_unshare(layout_, id), [this, id](const status& outcome) {
    if (outcome)
      gone(id, path_reasons{});
    else
      gone(id, outcome.err());
  });
}

void sandbox_state::leave_copy(const std::string& id) {
  auto* left = copies_.leave(id);
  if (left == nullptr) {
    gone(id, path_reasons{});
    return;
  }
  end_copy(*left,
           [this, id, copy_id = left->id](const result<path_reasons>& outcome) {
             if (!outcome)
               copies_.rejoin(copy_id, id);
             gone(id, outcome);
           });
}

void sandbox_state::gone(const std::string& id,
                         const result<path_reasons>& outcome) {
  auto* s = state_.find(id);
  if (s == nullptr)
    return;
  auto enders = std::exchange(waiting_[id].enders, {});
  record(recorded_share_progress{id, outcome ? recorded_phase::gone
                                             : recorded_phase::made});
  if (s->life.taken_away(static_cast<bool>(outcome)) == share_step::forget) {
    // What could not be removed is a leftover that GUEST PROXY keeps.
    const auto container = s->request.container_id;
    note(neighbours_.events, {event_id::file_unshared, options_.sandbox_id,
                              container, id, s->request.mount.source});
    waiting_.erase(id);
    state_.erase(id);
    forget_name(container);
  }
  for (auto& then : enders)
    then(outcome);
}

} // namespace fsshare
