// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"
#include "core/paths.hpp"
#include "core/share/local_storage.hpp"

#include <utility>

/// EmptyDirs that guests make themselves: in the place of a copy the caller is
/// given storages, and nothing is sent.
namespace fsshare {

// The first share of an emptyDir decides for all that follow: what is written
// on the host later makes no other volume of it.
bool sandbox_state::is_guests_own(const source_class& found) const {
  if (!found.empty_dir)
    return false;
  if (const auto* known = copies_.with_key(found.empty_dir->volume))
    return known->terms.is_local;
  return !state_.request().local_dir.empty() && found.empty_dir_now.is_empty;
}

copy_terms sandbox_state::local_terms(const share& s,
                                      const source_class& found) const {
  copy_terms terms;
  terms.life = copy_life::until_sandbox_ends;
  terms.key = found.empty_dir->volume;
  terms.source = found.empty_dir->volume;
  terms.guest_path
    = join(state_.request().local_dir, base_name(found.empty_dir->volume));
  terms.container_id = s.request.container_id;
  terms.destination = s.request.mount.destination;
  terms.is_local = true;
  terms.fs_group = found.empty_dir_now.fs_group;
  return terms;
}

void sandbox_state::join_local(share& s, const source_class& found) {
  if (!found.is_directory) {
    share_done(s.share_id,
               error{errc::failed_precondition,
                     "share " + s.request.mount.source
                       + ": its emptyDir is the guest's own, and nothing of "
                         "the host's is sent there"});
    return;
  }
  s.inside = found.empty_dir->inside;
  s.kind = share_kind::local;
  s.life.making();
  const auto& copy = copies_.join(s.share_id, local_terms(s, found));
  if (copy.id == s.share_id)
    record_copy(copy, [this](shared_copies::copy& decided) {
      decided.running = false;
      recorded_tree whole;
      whole.copy_id = decided.id;
      record(whole);
      const auto shares = decided.shares;
      for (const auto& share_id : shares)
        answer_local(share_id, decided);
    });
  else if (!copy.running)
    answer_local(s.share_id, copy);
}

void sandbox_state::answer_local(const std::string& share_id,
                                 const shared_copies::copy& copy) {
  auto* s = state_.find(share_id);
  if (s == nullptr || s->life.phase() != share_phase::making)
    return;
  s->reply.guest_path = join(copy.terms.guest_path, s->inside);
  s->reply.raw_guest_path = s->reply.guest_path;
  s->reply.volume_storages = local_storages(copy.terms, s->inside);
  share_done(share_id, s->reply);
}

} // namespace fsshare
