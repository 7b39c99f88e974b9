// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"

#include "log/log.hpp"

#include <utility>

namespace fsshare {

caf::result<prepare_reply>
sandbox_state::handle_request(const prepare_request& msg) {
  if (!msg.mount_namespace.is_own())
    return identify_namespace(msg);
  const reply_promise<prepare_reply> promise{self_};
  admit(msg, promise);
  return promise;
}

// Which one it is belongs to what the sandbox is prepared with: the same path
// may lead to another one later.
caf::result<prepare_reply>
sandbox_state::identify_namespace(const prepare_request& msg) {
  const auto promise = identifying_.add(self_);
  ask(self_, neighbours_.reader, look_at_namespace{msg.mount_namespace.path})
    .then(
      [this, msg, promise](const namespace_seen& seen) {
        auto known = msg;
        known.mount_namespace = seen.found;
        admit(known, promise);
      },
      [promise](caf::error& err) mutable {
        promise.deliver(std::move(err));
      });
  return promise;
}

void sandbox_state::admit(const prepare_request& msg,
                          const reply_promise<prepare_reply>& promise) {
  const auto before = told_by(state_.request());
  const auto admitted = state_.admit(msg);
  if (!admitted) {
    promise.deliver(to_caf(admitted.err()));
    return;
  }
  preparing_.push_back(promise);
  if (*admitted == admission::begin)
    begin_prepare();
  else
    note_guest(before, [this] {
      if (state_.phase() == sandbox_phase::prepared)
        answer_prepare(unit{});
    });
}

void sandbox_state::begin_prepare() {
  is_known_ = true;
  const auto& request = state_.request();
  name_sandbox();
  if (!request.guest_share_dir.empty())
    layout_ = share_layout{options_.share_root, options_.sandbox_id,
                           request.guest_share_dir};
  if (copies()) {
    record(recorded_prepare{request, layout_.guest_share_dir()}, [this] {
      run(plan_prepare_copy(layout_, mark_path()),
          [this](const status& outcome) {
            copying_prepared(outcome);
          });
    });
    return;
  }
  auto plan = plan_prepare(layout_, request.sandbox_binds, options_.recursive);
  if (!plan) {
    prepare_done(plan.err());
    return;
  }
  const auto turn = ++last_turn_;
  opening_ = turn;
  open_sources(
    *plan, [this, turn, plan = *plan](const result<opened_sources>& opened) {
      if (opening_ != turn)
        return;
      opening_.reset();
      if (!opened) {
        prepare_done(opened.err());
        return;
      }
      record(recorded_prepare{state_.request(), layout_.guest_share_dir()},
             [this, plan, sources = *opened] {
               run(plan, sources, [this](const status& outcome) {
                 prepare_done(outcome);
               });
             });
    });
}

// Nothing but what is written down shows later that it was prepared.
void sandbox_state::copying_prepared(const status& outcome) {
  if (!outcome) {
    prepare_done(outcome);
    return;
  }
  record(recorded_watcher{!state_.request().no_watcher});
  record(recorded_progress{recorded_phase::made}, [this] {
    prepare_done(unit{});
  });
}

void sandbox_state::prepare_done(const status& outcome) {
  state_.prepared(static_cast<bool>(outcome));
  if (outcome && copies()) {
    if (awaits_proxy())
      start_proxy(nullptr);
    following_ = !state_.request().no_watcher;
    if (!following_)
      tell(neighbours_.registry, follow_sandbox{options_.sandbox_id, false});
  }
  if (outcome)
    record(recorded_progress{recorded_phase::made});
  if (!outcome) {
    forget();
    forget_record([] {});
  }
  if (outcome) {
    log::info("sandbox-prepared", {{"sandbox", options_.sandbox_id},
                                   {"mode", to_string(state_.request().mode)}});
    node_event prepared{event_id::sandbox_prepared, options_.sandbox_id};
    prepared.detail = to_string(state_.request().mode);
    note(neighbours_.events, std::move(prepared));
  } else {
    log::forget_names(options_.sandbox_id);
  }
  answer_prepare(outcome);
  if (!cleaning_.empty())
    begin_cleanup(cleanup_plan());
}

void sandbox_state::answer_prepare(const status& outcome) {
  for (auto& promise : std::exchange(preparing_, {})) {
    if (outcome)
      promise.deliver(prepared_reply());
    else
      promise.deliver(to_caf(outcome.err()));
  }
}

prepare_reply sandbox_state::prepared_reply() const {
  if (copies())
    return {};
  return {layout_.shared_dir(), layout_.mounts_dir()};
}

} // namespace fsshare
