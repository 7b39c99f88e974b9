// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"

#include "core/pacing.hpp"
#include "log/log.hpp"

#include <utility>

namespace fsshare {

void sandbox_state::record(const journal_record& what) {
  recorder_.record(options_.sandbox_id, what);
}

void sandbox_state::record(const journal_record& what,
                           const std::function<void()>& then) {
  recorder_.record(options_.sandbox_id, what, then);
}

void sandbox_state::forget_record(const std::function<void()>& then) {
  recorder_.forget(options_.sandbox_id, then);
}

void sandbox_state::add_record_status(const description_ptr& what) {
  ask_within(self_, recorder_.journal(), pacing::longest_record,
             state_status_request{options_.sandbox_id})
    .then(
      [what](state_recorded& recorded) {
        what->reply.sandbox.unrecorded = std::move(recorded.failure);
        what->promise.deliver(std::move(what->reply));
      },
      [what](const caf::error&) {
        what->reply.sandbox.unrecorded = "the state directory does not answer";
        what->promise.deliver(std::move(what->reply));
      });
}

caf::result<sandbox_restored>
sandbox_state::restore(const restore_sandbox& msg) {
  const auto& old = msg.adopted->sandbox;
  is_known_ = true;
  layout_ = layout_of(old, options_.share_root);
  state_.restore(old.prepare.request);
  name_sandbox();
  if (copies()) {
    restore_copies(*msg.adopted);
    return sandbox_restored{};
  }
  record(recorded_progress{recorded_phase::made});
  following_ = old.watcher_runs;
  if (following_)
    tell(neighbours_.registry, follow_sandbox{options_.sandbox_id, true});
  // Answered when nothing holds it any more.
  const reply_promise<sandbox_restored> promise{self_};
  const std::shared_ptr<void> rest{nullptr, [promise](void*) {
                                     promise.deliver(sandbox_restored{});
                                   }};
  if (msg.adopted->is_unsettled)
    run(plan_settle(layout_), [rest](const status&) {});
  for (const auto& [id, share] : old.shares) {
    restore_share(share.what);
    if (share.phase == recorded_phase::leaving) {
      end_share(*state_.find(id), [rest](const result<path_reasons>&) {});
      continue;
    }
    record(recorded_share_progress{id, recorded_phase::made});
    follow_again(*state_.find(id));
  }
  for (const auto& [container, one] : old.rootfs) {
    if (!restore_rootfs(one.what))
      continue;
    if (one.phase == recorded_phase::leaving)
      end_rootfs(container, [rest](const status&) {});
    else
      record(recorded_rootfs_progress{container, recorded_phase::made});
  }
  return promise;
}

void sandbox_state::restore_share(const recorded_share& what) {
  share restored;
  restored.share_id = what.share_id;
  restored.request
    = {options_.sandbox_id, what.container_id, what.mount, what.container_name};
  name_container(what.container_id, what.container_name);
  restored.kind = share_kind::bind;
  describe_bind(state_.restore(std::move(restored)), what.watchable);
}

status sandbox_state::restore_rootfs(const recorded_rootfs& what) {
  auto end
    = plan_rootfs_end(layout_, what.kind, what.container_id, what.suffix);
  if (!end)
    return end.err();
  auto& restored = rootfs_[what.container_id];
  rootfs_order_.insert(what.container_id);
  auto& request = restored.request;
  request.sandbox_id = options_.sandbox_id;
  request.container_id = what.container_id;
  request.rootfs.target = what.target;
  request.rootfs.type = what.type;
  request.rootfs.suffix = what.suffix;
  restored.turn = ++last_turn_;
  restored.digest = what.digest;
  name_container(what.container_id, what.container_name);
  restored.life.making();
  restored.life.made(true);
  auto& made = restored.share;
  made.kind = what.kind;
  made.reply.guest_path = what.guest_path;
  made.host_path = what.host_path;
  made.unmounts = *std::move(end);
  if (!what.image.empty()) {
    made.rafs = rafs_mount{what.image, {}, {}};
    images_.insert(what.image);
  }
  return unit{};
}

// What the host has unmounted meanwhile goes, too.
void sandbox_state::follow_again(const share& s) {
  const auto options = options_of(s);
  if (!follows_unmounting(options))
    return;
  const auto plan
    = plan_follow(layout_, s.share_id, s.request.mount.source, options);
  const auto note = [this, source = s.request.mount.source](const error& why) {
    log::warning("share-not-followed", {{"sandbox", options_.sandbox_id},
                                        {"source", source},
                                        {"error", why.message}});
  };
  open_sources(plan, [this, plan, note](const result<opened_sources>& opened) {
    if (!opened) {
      note(opened.err());
      return;
    }
    run(plan, *opened, [note](const status& outcome) {
      if (!outcome)
        note(outcome.err());
    });
  });
}

} // namespace fsshare
