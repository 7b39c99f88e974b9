// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"
#include "core/share/local_storage.hpp"

#include <utility>

namespace fsshare {

// The proxy comes first: what REGISTRY wants sent waits until it knows what the
// guest may have.
void sandbox_state::restore_copies(const adopted_sandbox& adopted) {
  const auto& old = adopted.sandbox;
  for (const auto& what : adopted.decided)
    record(what);
  following_ = old.watcher_runs;
  if (!following_)
    tell(neighbours_.registry, follow_sandbox{options_.sandbox_id, false});
  if (awaits_proxy())
    start_proxy(std::make_shared<const guest_of_before>(guest_of(old)));
  for (const auto& [id, share] : old.copied)
    name_container(share.what.container_id, share.what.container_name);
  std::map<std::string, std::set<std::string>> users;
  for (const auto& [id, share] : old.copied)
    users[share.what.copy_id].insert(id);
  for (const auto& [id, copy] : old.copies)
    restore_copy(copy, users[id]);
  for (const auto& entry : old.copied)
    restore_share(entry.second.what);
  const auto nobody_waits = [](const result<path_reasons>&) {};
  for (const auto& [id, share] : old.copied)
    if (share.phase == recorded_phase::leaving)
      end_share(*state_.find(id), nobody_waits);
  for (const auto& [id, copy] : old.copies)
    if (users[id].empty()
        && copy.what.terms.life == copy_life::until_last_share)
      end_copy(*copies_.find(id), nobody_waits);
}

void sandbox_state::restore_copy(const copy_of_before& what,
                                 const std::set<std::string>& shares) {
  shared_copies::copy made;
  made.id = what.what.copy_id;
  made.terms = what.what.terms;
  made.running = false;
  made.shares = shares;
  if (what.tree) {
    made.skipped = what.tree->skipped;
    made.notes = what.tree->notes;
    made.would_be_denied = what.tree->would_be_denied;
    made.is_file = what.tree->is_file;
    made.parts = what.tree->parts;
  }
  const auto& copy = copies_.restore(std::move(made));
  if (copy.terms.kind != source_kind::volume)
    return;
  guest_record nothing_known;
  nothing_known.may_exist = true;
  add_destination again{
    options_.sandbox_id,
    copy.terms.container_id,
    copy.id,
    copy.terms.source,
    copy.terms.guest_path,
    proxy_,
    what.tree.has_value(),
    std::make_shared<const guest_record>(what.guest.value_or(nothing_known)),
    name_of(copy.terms.container_id),
    labels_};
  tell(neighbours_.registry, std::move(again));
}

void sandbox_state::restore_share(const recorded_copied_share& what) {
  note_kubelet_root(what.mount.source);
  share restored;
  restored.share_id = what.share_id;
  restored.request = {options_.sandbox_id, what.container_id, what.mount};
  if (!what.ignored)
    restored.kind = what.is_volume ? share_kind::volume : share_kind::tree;
  restored.category = what.category;
  restored.would_be_denied = what.would_be_denied;
  restored.inside = what.inside;
  restored.resolved = what.resolved;
  auto& reply = restored.reply;
  reply.ignored = what.ignored;
  reply.reason = what.reason;
  if (!what.ignored)
    reply.share_id = what.share_id;
  reply.guest_path = what.guest_path;
  reply.raw_guest_path = what.guest_path;
  reply.generation = what.generation;
  reply.skipped = what.skipped;
  reply.notes = what.notes;
  const auto* copy = copies_.find(what.copy_id);
  if (copy != nullptr && copy->terms.is_local) {
    restored.kind = share_kind::local;
    reply.volume_storages = local_storages(copy->terms, what.inside);
  }
  state_.restore(std::move(restored));
}

recorded_copied_share
sandbox_state::record_of(const share& s, const share_file_reply& reply) const {
  recorded_copied_share out;
  out.share_id = s.share_id;
  out.container_id = s.request.container_id;
  out.mount = s.request.mount;
  if (const auto* copy = copies_.used_by(s.share_id))
    out.copy_id = copy->id;
  out.is_volume = s.kind == share_kind::volume;
  out.inside = s.inside;
  out.resolved = s.resolved;
  out.category = s.category;
  out.would_be_denied = s.would_be_denied;
  out.ignored = reply.ignored;
  out.reason = reply.reason;
  out.guest_path = reply.guest_path;
  out.generation = reply.generation;
  out.skipped = reply.skipped;
  out.notes = reply.notes;
  out.container_name = name_of(out.container_id);
  return out;
}

} // namespace fsshare
