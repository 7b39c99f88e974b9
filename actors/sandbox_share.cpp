// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"

#include "core/share/unshared_mount.hpp"
#include "core/share/watchable.hpp"
#include "log/log.hpp"

#include <utility>

namespace fsshare {

namespace {

const char* to_string(share_kind kind) {
  switch (kind) {
  case share_kind::unknown: break;
  case share_kind::bind: return "bind";
  case share_kind::volume: return "volume";
  case share_kind::tree: return "tree";
  case share_kind::local: return "local";
  }
  return "ignored";
}

std::string joined(const std::vector<std::string>& notes) {
  std::string all;
  for (const auto& note : notes)
    all += (all.empty() ? "" : "; ") + note;
  return all;
}

// Failures are logged by API SERVER, with the call.
void log_share(const share& s, const share_file_reply& reply) {
  const auto& request = s.request;
  log::info("file-shared", {{"sandbox", request.sandbox_id},
                            {"container", request.container_id},
                            {"source", request.mount.source},
                            {"kind", to_string(s.kind)},
                            {"guest_path", reply.guest_path},
                            {"skipped", reply.skipped.size()}});
  if (!reply.notes.empty())
    log::info("copy-differs", {{"sandbox", request.sandbox_id},
                               {"container", request.container_id},
                               {"source", request.mount.source},
                               {"notes", joined(reply.notes)}});
}

} // namespace

caf::result<share_file_reply>
sandbox_state::handle_request(const share_file_request& msg) {
  if (auto prepared = state_.check_prepared(); !prepared)
    return to_caf(prepared.err());
  if (auto why = why_unshared(msg.mount); !why.empty()) {
    share_file_reply unshared;
    unshared.ignored = true;
    unshared.reason = std::move(why);
    unshared.keeps_mount = true;
    return unshared;
  }
  if (auto ready = state_.check_guest(); !ready)
    return to_caf(ready.err());
  auto id = make_share_name(msg.container_id, neighbours_.nonce(),
                            msg.mount.destination);
  if (!id)
    return to_caf(id.err());
  const auto admitted = state_.admit(msg, *id);
  if (!admitted)
    return to_caf(admitted.err());
  name_container(msg.container_id, msg.container_name);
  auto& s = *state_.find(msg.container_id, msg.mount.destination);
  if (*admitted == admission::answer)
    return s.reply;
  const reply_promise<share_file_reply> promise{self_};
  waiting_[s.share_id].callers.push_back(promise);
  if (*admitted == admission::begin)
    begin_share(s);
  return promise;
}

void sandbox_state::begin_share(share& s) {
  s.reply.share_id = s.share_id;
  s.reply.guest_path = layout_.guest_share(s.share_id);
  s.reply.raw_guest_path = s.reply.guest_path;
  if (copies())
    begin_copy(s);
  else
    begin_bind(s);
}

void sandbox_state::begin_bind(share& s) {
  const auto& source = s.request.mount.source;
  if (state_.request().no_watchable || !may_be_watchable(source)
      || !may_hold_watchable(layout_.guest_share_dir())) {
    bind(s, false);
    return;
  }
  const auto go_on = [this, id = s.share_id](bool watchable) {
    // Without it, it was unshared before anything was made.
    if (auto* known = state_.find(id))
      bind(*known, watchable);
  };
  ask(self_, neighbours_.reader,
      read_tree{source,
                options_.sandbox_id,
                nullptr,
                {},
                tree_use::look,
                false,
                state_.request().mount_namespace})
    .then(
      [go_on](const tree_read& read) {
        go_on(fits_guest_watcher(*read.tree));
      },
      [this, go_on, id = s.share_id](caf::error& err) {
        const auto why = from_caf(err);
        if (why.code == errc::deadline_exceeded)
          share_done(id, why);
        else
          // If it is missing, the bind says so.
          go_on(false);
      });
}

// Makes up the answer.
void sandbox_state::describe_bind(share& s, bool watchable) const {
  s.reply.share_id = s.share_id;
  s.reply.host_path = layout_.host_share(s.share_id);
  s.reply.guest_path = watchable ? layout_.guest_watchable(s.share_id)
                                 : layout_.guest_share(s.share_id);
  s.reply.raw_guest_path = layout_.guest_share(s.share_id);
  if (watchable)
    s.reply.volume_storages
      = {watchable_storage(layout_, s.share_id, s.request.mount.options)};
}

bind_options sandbox_state::options_of(const share& s) const {
  const auto& mount = s.request.mount;
  return parse_bind_options(
    mount.options, {mount.read_only ? access::read_only : access::read_write,
                    options_.recursive, propagation::closed});
}

void sandbox_state::bind(share& s, bool watchable) {
  describe_bind(s, watchable);
  const auto& mount = s.request.mount;
  const auto options = options_of(s);
  const auto id = s.share_id;
  auto plan = watchable
                ? plan_watchable_share(layout_, id, mount.source, options)
                : plan_share(layout_, id, mount.source, options);
  if (!plan) {
    share_done(id, plan.err());
    return;
  }
  open_sources(*plan,
               [this, id, plan = *plan](const result<opened_sources>& opened) {
                 auto* known = state_.find(id);
                 if (known == nullptr)
                   return;
                 if (opened)
                   mount_source(*known, plan, *opened);
                 else
                   share_done(id, opened.err());
               });
}

void sandbox_state::mount_source(share& s, mount_plan plan,
                                 opened_sources sources) {
  s.kind = share_kind::bind;
  s.life.making();
  const auto id = s.share_id;
  const auto done = [this, id](const status& outcome) {
    auto* made = state_.find(id);
    if (made == nullptr)
      return;
    if (outcome)
      share_done(id, made->reply);
    else
      share_done(id, outcome.err());
  };
  record(
    recorded_share{id, s.request.container_id, s.request.mount,
                   !s.reply.volume_storages.empty(),
                   name_of(s.request.container_id)},
    [this, id, done, plan = std::move(plan), sources = std::move(sources)] {
      // Without it, the sandbox was cleaned up before anything was made.
      if (state_.find(id) != nullptr)
        run(plan, sources, done);
    });
}

// Who has the answer starts a container, so that it is written down first what
// that uses; a bind is told by its mount.
void sandbox_state::share_done(const std::string& id,
                               const result<share_file_reply>& outcome) {
  const auto* s = state_.find(id);
  if (s == nullptr || !copies() || !outcome || s->life.is_ending()) {
    share_made(id, outcome);
    return;
  }
  record(record_of(*s, *outcome), [this, id, outcome] {
    share_made(id, outcome);
  });
}

void sandbox_state::share_made(const std::string& id,
                               result<share_file_reply> outcome) {
  auto* s = state_.find(id);
  if (s == nullptr)
    return;
  const auto step = s->life.made(static_cast<bool>(outcome));
  if (step == share_step::take_away) {
    // Its callers were told when it was unshared.
    take_away(id);
    return;
  }
  if (s->life.is_ending())
    return;
  record(recorded_share_progress{id, outcome ? recorded_phase::made
                                             : recorded_phase::gone});
  if (outcome) {
    log_share(*s, *outcome);
    node_event shared{event_id::file_shared, options_.sandbox_id,
                      s->request.container_id, s->share_id,
                      s->request.mount.source};
    shared.detail = to_string(s->kind);
    note(neighbours_.events, std::move(shared));
  }
  for (auto& promise : std::exchange(waiting_[id].callers, {})) {
    if (outcome)
      promise.deliver(*outcome);
    else
      promise.deliver(to_caf(outcome.err()));
  }
  if (outcome) {
    s->reply = *std::move(outcome);
  } else if (step == share_step::forget) {
    const auto container = s->request.container_id;
    waiting_.erase(id);
    state_.erase(id);
    forget_name(container);
    // It may have been the last to wait for a copy that others began.
    if (auto* left = copies_.leave(id))
      end_copy(*left, [](const result<path_reasons>&) {});
  }
}

} // namespace fsshare
