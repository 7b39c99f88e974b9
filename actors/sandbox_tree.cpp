// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"
#include "core/copy/guest_budget.hpp"
#include "core/copy/landmarks.hpp"
#include "core/pacing.hpp"
#include "core/paths.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// The paths of what was copied as a part, relative to the copy's root.
std::set<std::string, std::less<>> paths_in(const std::string& part,
                                            const tree_snapshot& tree) {
  std::set<std::string, std::less<>> all;
  for (const auto& entry : tree.entries)
    all.insert(part.empty() ? entry.path : join(part, entry.path));
  return all;
}

} // namespace

// Answers when the copy of a tree has what the share is of. A part of an
// emptyDir may have been made after it was copied, as the kubelet does for a
// subPath; the rest, where the workload writes, is never sent again.
void sandbox_state::join_tree(share& s, const shared_copies::copy& copy) {
  s.reply.guest_path = join(copy.terms.guest_path, s.inside);
  const auto part = copy.missing_part(s.inside);
  if (part.empty()) {
    auto skipped = copy.skipped;
    if (copy.terms.life == copy_life::until_last_share && is_apart(s))
      skipped.push_back({".", "another container has a copy of its own of this "
                              "directory: neither sees what the other writes"});
    share_done(s.share_id, reply_of_tree(s, copy, std::move(skipped)));
    return;
  }
  const auto fail = [this, id = s.share_id](caf::error& err) {
    share_done(id, from_caf(err));
  };
  ask(self_, neighbours_.reader,
      tree_at(join(copy.terms.source, part), nullptr))
    .then(
      [this, fail, part, id = s.share_id,
       copy_id = copy.id](const tree_read& read) {
        if (auto* known = copies_.find(copy_id))
          send_part(*known, part, id, read.tree);
      },
      fail);
}

read_tree sandbox_state::tree_at(const std::string& source,
                                 const stop_flag& stop) const {
  return {source,         options_.sandbox_id,
          stop,           kubelet_roots(),
          tree_use::copy, state_.request().guest_memory_bytes != 0};
}

read_tree sandbox_state::tree_of(const shared_copies::copy& copy,
                                 const stop_flag& stop) const {
  auto out = tree_at(copy.terms.source, stop);
  if (copy.terms.is_emptied)
    out.use = tree_use::copy_emptied;
  return out;
}

// Whether another container of the sandbox has a writable copy of the same
// directory, as of a PersistentVolumeClaim.
bool sandbox_state::is_apart(const share& s) const {
  return !s.request.mount.read_only && !s.resolved.empty()
         && std::any_of(state_.shares().begin(), state_.shares().end(),
                        [&s](const auto& entry) {
                          const auto& other = entry.second;
                          return other.share_id != s.share_id
                                 && other.kind == share_kind::tree
                                 && other.resolved == s.resolved
                                 && !other.request.mount.read_only;
                        });
}

void sandbox_state::send_part(shared_copies::copy& copy,
                              const std::string& part,
                              const std::string& share_id,
                              const tree_snapshot_ptr& tree) {
  if (tree->entries.empty()) {
    share_done(share_id,
               error{errc::not_found, join(copy.terms.source, part)
                                        + ": there is nothing to copy"});
    return;
  }
  // Another share may have had it sent meanwhile.
  if (copy.missing_part(part).empty()) {
    if (auto* s = state_.find(share_id))
      join_tree(*s, copy);
    return;
  }
  note_parts(copy, part, *tree);
  if (part.empty())
    note_losses(copy, *tree);
  record(recorded_part{copy.id, part},
         [this, part, share_id, tree, id = copy.id] {
           if (const auto* known = copies_.find(id))
             copy_part(*known, part, share_id, tree);
         });
}

void sandbox_state::copy_part(const shared_copies::copy& copy,
                              const std::string& part,
                              const std::string& share_id,
                              const tree_snapshot_ptr& tree) {
  ask(self_, proxy_,
      copy_tree{{first_tree_order + ++last_order_},
                join(copy.terms.source, part),
                tree,
                join(copy.terms.guest_path, part),
                true})
    .then(
      [this, share_id, part, tree,
       copy_id = copy.id](const tree_copied& copied) {
        if (copied.needs_other_name) {
          part_failed(copy_id, part, share_id,
                      {errc::unavailable, "the connection ended"});
          return;
        }
        record(recorded_part{copy_id, part, part_step::whole,
                             paths_in(part, *tree)});
        if (auto* s = state_.find(share_id))
          if (const auto* known = copies_.find(copy_id))
            join_tree(*s, *known);
      },
      [this, share_id, part, copy_id = copy.id](caf::error& err) {
        part_failed(copy_id, part, share_id, from_caf(err));
      });
}

// Keeps what is to be said of a copy beside what it lacks.
void sandbox_state::note_losses(shared_copies::copy& copy,
                                const tree_snapshot& tree) {
  copy.notes = notes_of(tree.losses);
  if (copy.terms.is_emptied)
    copy.notes.emplace_back("it is empty in the guest, as copy.categories says "
                            "of its category");
  if (tree.audited.empty())
    return;
  copy.would_be_denied = true;
  const auto& first = tree.audited.front();
  copy.notes.push_back(std::to_string(tree.audited.size())
                       + " of its entries are in volumes that are audited, "
                         "the first is "
                       + first.path + ": " + first.reason);
  for (const auto& entry : tree.audited)
    log::warning("copy-audited",
                 {{"sandbox", options_.sandbox_id},
                  {"source", join(copy.terms.source, entry.path)},
                  {"category", entry.reason}});
}

void sandbox_state::note_parts(shared_copies::copy& copy,
                               const std::string& part,
                               const tree_snapshot& tree) {
  if (copy.terms.life == copy_life::until_sandbox_ends)
    copy.parts.merge(paths_in(part, tree));
}

// Nothing of it is there.
void sandbox_state::part_failed(const std::string& copy_id,
                                const std::string& part,
                                const std::string& share_id, const error& why) {
  if (auto* copy = copies_.find(copy_id))
    std::erase_if(copy->parts, [&part](const std::string& path) {
      return path == part || is_below(path, part);
    });
  record(recorded_part{copy_id, part, part_step::failed});
  share_done(share_id, why);
}

void sandbox_state::read_tree_of(const shared_copies::copy& copy) {
  const auto id = copy.id;
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  walks_[id] = stop;
  ask(self_, neighbours_.reader, tree_of(copy, stop))
    .then(
      [this, id, stop](const tree_read& read) {
        walk_ended(id, stop);
        // Without it, nobody wants it any more.
        if (auto* known = copies_.find(id))
          send_tree(*known, read.tree);
      },
      [this, id, stop](caf::error& err) {
        walk_ended(id, stop);
        copy_failed(id, from_caf(err));
      });
}

// Another one may bear the id by then.
void sandbox_state::walk_ended(const std::string& copy_id,
                               const stop_flag& which) {
  const auto walk = walks_.find(copy_id);
  if (walk != walks_.end() && walk->second == which)
    walks_.erase(walk);
}

void sandbox_state::stop_walk(const std::string& copy_id) {
  if (const auto walk = walks_.find(copy_id); walk != walks_.end())
    *walk->second = true;
}

void sandbox_state::send_tree(shared_copies::copy& copy,
                              const tree_snapshot_ptr& tree) {
  const auto id = copy.id;
  const auto& source = copy.terms.source;
  if (tree->entries.empty()) {
    // A root that cannot be copied: the caller drops the mount.
    share_file_reply ignored;
    ignored.ignored = true;
    ignored.reason = source + ": "
                     + (tree->skipped.empty() ? "nothing to copy"
                                              : tree->skipped.front().reason);
    const auto shares = copies_.failed(id);
    forget_copy(id);
    for (const auto& share_id : shares) {
      if (auto* s = state_.find(share_id))
        s->kind = share_kind::unknown;
      share_done(share_id, ignored);
    }
    return;
  }
  copy.is_file = tree->entries.front().type == entry_type::file;
  note_parts(copy, {}, *tree);
  note_losses(copy, *tree);
  copy.order = first_tree_order + ++last_order_;
  ask(
    self_, proxy_,
    copy_tree{
      {copy.order}, source, tree, copy.terms.guest_path, may_be_written(copy)})
    .then(
      [this, id, tree](tree_copied& copied) {
        if (copied.needs_other_name)
          rename_tree(id, tree);
        else
          tree_made(id, *tree, std::move(copied.skipped));
      },
      [this, id](caf::error& err) {
        copy_failed(id, from_caf(err));
      });
}

bool sandbox_state::give_other_name(shared_copies::copy& copy) {
  auto& terms = copy.terms;
  const auto other = make_share_name(terms.container_id, neighbours_.nonce(),
                                     terms.destination);
  if (!other || ++copy.renamed > pacing::most_doubtful_copies) {
    // The copy may end with that.
    copy_failed(std::string{copy.id},
                {errc::unavailable, "copy to guest path " + terms.guest_path
                                      + ": the connection ended too often"});
    return false;
  }
  terms.guest_path = layout_.guest_share(*other);
  return true;
}

// A late request of the copy that was begun would change one of the same name.
void sandbox_state::rename_tree(const std::string& copy_id,
                                const tree_snapshot_ptr& tree) {
  auto* copy = copies_.find(copy_id);
  if (copy == nullptr)
    return;
  if (copy_enders_.contains(copy_id))
    remove_tree(*copy);
  else if (give_other_name(*copy))
    record_copy(*copy, [this, tree](shared_copies::copy& renamed) {
      send_tree(renamed, tree);
    });
}

// Whatever of it a container may not change tells later whether it is there.
recorded_tree sandbox_state::record_of(const shared_copies::copy& copy,
                                       const tree_snapshot& tree) const {
  const bool has_landmark = copy.is_file || !may_be_written(copy);
  auto files = landmark_files(tree, copy.terms.guest_path, has_landmark ? 1 : 0,
                              copy.skipped);
  return {copy.id,
          copy.is_file,
          copy.would_be_denied,
          copy.skipped,
          copy.notes,
          copy.parts,
          guest_memory_of(tree),
          files.empty() ? std::string{} : std::move(files.front())};
}

void sandbox_state::tree_made(const std::string& copy_id,
                              const tree_snapshot& tree, skipped_list skipped) {
  auto* made = copies_.find(copy_id);
  if (made == nullptr)
    return;
  made->running = false;
  if (copy_enders_.contains(copy_id)) {
    remove_tree(*made);
    return;
  }
  made->skipped = std::move(skipped);
  record(record_of(*made, tree));
  if (made->terms.becomes_volume)
    follow_tree(*made);
  const auto shares = made->shares;
  for (const auto& share_id : shares) {
    if (auto* s = state_.find(share_id))
      join_tree(*s, *made);
  }
}

// From here on REGISTRY has it, its end included.
void sandbox_state::follow_tree(shared_copies::copy& copy) {
  copy.terms.kind = source_kind::volume;
  record(recorded_copy{copy.id, copy.terms});
  add_destination later{options_.sandbox_id,
                        copy.terms.container_id,
                        copy.id,
                        copy.terms.source,
                        copy.terms.guest_path,
                        proxy_,
                        true,
                        nullptr,
                        name_of(copy.terms.container_id),
                        labels_};
  tell(neighbours_.registry, std::move(later));
}

} // namespace fsshare
