#include "actors/sandbox.hpp"

#include "core/watchable.hpp"
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
  }
  return "ignored";
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
}

} // namespace

caf::result<share_file_reply>
sandbox_state::share_file(const share_file_request& msg) {
  auto id = make_share_name(msg.container_id, neighbours_.nonce(),
                            msg.mount.destination);
  if (!id)
    return to_caf(id.err());
  const auto admitted = state_.admit(msg, *id);
  if (!admitted)
    return to_caf(admitted.err());
  auto& s = *state_.find(msg.container_id, msg.mount.destination);
  if (*admitted == admission::answer)
    return s.reply;
  auto promise = self_->make_response_promise<share_file_reply>();
  debts_[s.share_id].callers.push_back(promise);
  if (*admitted == admission::begin)
    begin_share(s);
  return promise;
}

void sandbox_state::begin_share(share& s) {
  s.reply.share_id = s.share_id;
  s.reply.guest_path = layout_.guest_share(s.share_id);
  if (copies())
    begin_copy(s);
  else
    begin_bind(s);
}

void sandbox_state::begin_bind(share& s) {
  const auto& source = s.request.mount.source;
  if (!may_be_watchable(source)) {
    bind(s, false);
    return;
  }
  const auto go_on = [this, id = s.share_id](bool watchable) {
    auto* known = state_.find(id);
    if (known == nullptr)
      return;
    if (known->phase == share_phase::ending)
      gone(id, pending_list{});
    else
      bind(*known, watchable);
  };
  ask(self_, neighbours_.reader, read_tree{source})
    .then(
      [go_on](const tree_read& read) {
        go_on(fits_guest_watcher(*read.tree));
      },
      [go_on](caf::error&) {
        // If it is missing, the bind says so.
        go_on(false);
      });
}

void sandbox_state::bind(share& s, bool watchable) {
  s.kind = share_kind::bind;
  s.reply.host_path = layout_.host_share(s.share_id);
  const auto& mount = s.request.mount;
  if (watchable) {
    s.reply.volume_storages
      = {watchable_storage(layout_, s.share_id, mount.options)};
    s.reply.guest_path = layout_.guest_watchable(s.share_id);
  }
  const auto options = parse_bind_options(
    mount.options, {mount.read_only ? access::read_only : access::read_write,
                    options_.recursive, propagation::closed});
  const auto id = s.share_id;
  auto plan = watchable
                ? plan_watchable_share(layout_, id, mount.source, options)
                : plan_share(layout_, id, mount.source, options);
  if (!plan) {
    share_ended(id, plan.err());
    return;
  }
  run(*std::move(plan), [this, id](const status& outcome) {
    auto* made = state_.find(id);
    if (made == nullptr)
      return;
    if (outcome)
      share_ended(id, made->reply);
    else
      share_ended(id, outcome.err());
  });
}

void sandbox_state::begin_copy(share& s) {
  const auto id = s.share_id;
  ask(self_, neighbours_.reader,
      classify_source{s.request.mount.source, state_.request().kubelet_roots})
    .then(
      [this, id](const source_class& found) {
        auto* known = state_.find(id);
        if (known == nullptr)
          return;
        if (known->phase == share_phase::ending)
          // Unshared before anything was sent.
          gone(id, pending_list{});
        else if (auto admitted = admit_copy(*known, found); !admitted)
          share_ended(id, admitted.err());
        else if (found.kind == source_kind::volume)
          copy_volume(id);
        else
          copy_tree_of(id);
      },
      [this, id](caf::error& err) {
        share_ended(id, from_caf(err));
      });
}

// Applies the rule of the source's category, before anything is sent.
status sandbox_state::admit_copy(share& s, const source_class& found) const {
  const auto& mount = s.request.mount;
  s.category = category_of(found.plugin, mount.destination, found.is_directory);
  const std::string category = fsshare::to_string(*s.category);
  const auto rule = options_.categories.rule_for(*s.category);
  if (rule == copy_rule::deny)
    return error{errc::permission_denied,
                 "copy " + mount.source + ": its category is " + category
                   + ", and copy.categories." + category + " is deny"};
  s.would_be_denied = rule == copy_rule::audit;
  if (s.would_be_denied)
    log::warning("copy-audited", {{"sandbox", options_.sandbox_id},
                                  {"container", s.request.container_id},
                                  {"source", mount.source},
                                  {"destination", mount.destination},
                                  {"category", category}});
  return unit{};
}

void sandbox_state::copy_volume(const std::string& id) {
  auto& s = *state_.find(id);
  s.kind = share_kind::volume;
  ask(self_, neighbours_.registry,
      add_destination{options_.sandbox_id, s.request.container_id, id,
                      s.request.mount.source, s.reply.guest_path, proxy_})
    .then(
      [this, id](destination_added& added) {
        auto* known = state_.find(id);
        if (known == nullptr)
          return;
        known->reply.generation = std::move(added.generation);
        known->reply.skipped = std::move(added.skipped);
        share_ended(id, known->reply);
      },
      [this, id](caf::error& err) {
        share_ended(id, from_caf(err));
      });
}

void sandbox_state::copy_tree_of(const std::string& id) {
  auto& s = *state_.find(id);
  s.kind = share_kind::tree;
  ask(self_, neighbours_.reader, read_tree{s.request.mount.source})
    .then(
      [this, id](const tree_read& read) {
        auto* known = state_.find(id);
        if (known == nullptr)
          return;
        if (known->phase == share_phase::ending)
          gone(id, pending_list{});
        else
          send_tree(id, read.tree);
      },
      [this, id](caf::error& err) {
        share_ended(id, from_caf(err));
      });
}

void sandbox_state::send_tree(const std::string& id,
                              const tree_snapshot_ptr& tree) {
  auto& s = *state_.find(id);
  if (tree->entries.empty()) {
    // A root that cannot be copied: the caller drops the mount.
    share_file_reply ignored;
    ignored.ignored = true;
    ignored.reason = s.request.mount.source + ": "
                     + (tree->skipped.empty() ? "nothing to copy"
                                              : tree->skipped.front().reason);
    s.kind = share_kind::unknown;
    share_ended(id, std::move(ignored));
    return;
  }
  const auto order = first_tree_order + ++last_order_;
  debts_[id].order = order;
  ask(self_, proxy_,
      copy_tree{{order}, s.request.mount.source, tree, s.reply.guest_path})
    .then(
      [this, id](tree_copied& copied) {
        auto* known = state_.find(id);
        if (known == nullptr)
          return;
        known->reply.skipped = std::move(copied.skipped);
        share_ended(id, known->reply);
      },
      [this, id](caf::error& err) {
        share_ended(id, from_caf(err));
      });
}

void sandbox_state::share_ended(const std::string& id,
                                result<share_file_reply> outcome) {
  auto* s = state_.find(id);
  if (s == nullptr)
    return;
  const bool unwanted = s->phase == share_phase::ending;
  if (outcome && unwanted)
    outcome = error{errc::aborted, "share " + s->request.mount.source
                                     + ": unshared meanwhile"};
  if (outcome)
    log_share(*s, *outcome);
  for (auto& promise : std::exchange(debts_[id].callers, {})) {
    if (outcome)
      promise.deliver(*outcome);
    else
      promise.deliver(to_caf(outcome.err()));
  }
  if (outcome) {
    s->reply = *std::move(outcome);
    s->phase = share_phase::ready;
  } else if (unwanted) {
    // REGISTRY was told already, and this is what it answered.
    if (s->kind != share_kind::volume)
      take_away(id);
  } else {
    debts_.erase(id);
    state_.erase(id);
  }
}

} // namespace fsshare
