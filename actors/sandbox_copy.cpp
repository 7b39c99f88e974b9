// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"
#include "core/paths.hpp"
#include "core/volume/volume_shape.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// A node has one, or a few.
constexpr std::size_t most_seen_roots = 8;

} // namespace

void sandbox_state::begin_copy(share& s) {
  const auto id = s.share_id;
  note_kubelet_root(s.request.mount.source);
  ask(self_, neighbours_.reader,
      classify_source{s.request.mount.source, kubelet_roots(),
                      options_.sandbox_id})
    .then(
      [this, id](const source_class& found) {
        // Without it, it was unshared before anything was sent.
        auto* known = state_.find(id);
        if (known == nullptr)
          return;
        if (is_guests_own(found))
          join_local(*known, found);
        else if (auto admitted = admit_copy(*known, found); !admitted)
          share_done(id, admitted.err());
        else
          join_copy(*known, found);
      },
      [this, id](caf::error& err) {
        share_done(id, from_caf(err));
      });
}

void sandbox_state::note_kubelet_root(const std::string& source) {
  const std::string root{kubelet_root_of(source)};
  if (!root.empty() && seen_kubelet_roots_.size() < most_seen_roots)
    seen_kubelet_roots_.insert(root);
}

// Those of the request, and what sources of this sandbox have shown.
std::vector<std::string> sandbox_state::kubelet_roots() const {
  auto roots = state_.request().kubelet_roots;
  roots.insert(roots.end(), seen_kubelet_roots_.begin(),
               seen_kubelet_roots_.end());
  return roots;
}

// Applies the rule of the source's category, before anything is sent.
status sandbox_state::admit_copy(share& s, const source_class& found) const {
  const auto& mount = s.request.mount;
  s.category = category_of(found.plugin, mount.destination, found.is_directory);
  const std::string category = to_string(*s.category);
  const auto rule = options_.categories.rule_for(*s.category);
  if (rule == copy_rule::deny)
    return error{errc::permission_denied,
                 "copy " + mount.source + ": " + denial(*s.category, rule)};
  s.would_be_denied = rule == copy_rule::audit;
  if (s.would_be_denied)
    log::warning("copy-audited", {{"sandbox", options_.sandbox_id},
                                  {"container", s.request.container_id},
                                  {"source", mount.source},
                                  {"destination", mount.destination},
                                  {"category", category}});
  return unit{};
}

// The reference comes first: from here on the copy does not go away.
void sandbox_state::join_copy(share& s, const source_class& found) {
  copy_terms terms;
  terms.is_emptied
    = options_.categories.rule_for(*s.category) == copy_rule::empty;
  const bool is_volume = found.kind == source_kind::volume && !terms.is_emptied;
  terms.kind = is_volume ? source_kind::volume : source_kind::tree;
  terms.key = s.share_id;
  terms.source = found.source;
  terms.guest_path = s.reply.guest_path;
  terms.container_id = s.request.container_id;
  terms.destination = s.request.mount.destination;
  if (terms.is_emptied) {
    // It has nothing that others would see, or that would change.
  } else if (found.empty_dir) {
    // All containers work in the same one, whichever part each sees.
    terms.key = found.empty_dir->volume;
    terms.source = found.empty_dir->volume;
    terms.life = copy_life::until_sandbox_ends;
    s.inside = found.empty_dir->inside;
  } else if (found.plugin == empty_dir_plugin) {
    terms.key = found.resolved;
    terms.life = copy_life::until_sandbox_ends;
  } else if (is_volume && is_one_copy_for_all()) {
    terms.key = found.resolved;
  }
  terms.becomes_volume = found.awaits_shape && !terms.is_emptied;
  s.kind = is_volume ? share_kind::volume : share_kind::tree;
  s.life.making();
  if (found.is_directory)
    s.resolved = found.resolved;
  auto& copy = copies_.join(s.share_id, terms);
  s.reply.guest_path = join(copy.terms.guest_path, s.inside);
  if (copy.id == s.share_id)
    make_copy(copy);
  else if (is_volume)
    await_copy(s, copy);
  else if (!copy.running)
    join_tree(s, copy);
}

void sandbox_state::make_copy(const shared_copies::copy& copy) {
  record_copy(copy, [this](const shared_copies::copy& begun) {
    if (begun.terms.kind == source_kind::tree)
      read_tree_of(begun);
    else
      add_volume(begun);
  });
}

// Has it written down where something may be made of a copy, unless nobody
// wants it any more by then.
void sandbox_state::record_copy(
  const shared_copies::copy& copy,
  const std::function<void(shared_copies::copy&)>& then) {
  record(recorded_copy{copy.id, copy.terms}, [this, id = copy.id, then] {
    auto* known = copies_.find(id);
    if (known != nullptr && !copy_enders_.contains(id))
      then(*known);
  });
}

// What is left of it is a leftover, which was written down before.
void sandbox_state::forget_copy(const std::string& copy_id) {
  copies_.erase(copy_id);
  record(recorded_copy_end{copy_id});
}

void sandbox_state::add_volume(const shared_copies::copy& copy) {
  const auto id = copy.id;
  ask(self_, neighbours_.registry,
      add_destination{options_.sandbox_id, copy.terms.container_id, id,
                      copy.terms.source, copy.terms.guest_path, proxy_, false,
                      nullptr, name_of(copy.terms.container_id), labels_})
    .then(
      [this, id](destination_added& added) {
        if (added.needs_other_name)
          rename_volume(id);
        else
          volume_added(id, added);
      },
      [this, id](caf::error& err) {
        copy_failed(id, from_caf(err));
      });
}

void sandbox_state::volume_added(const std::string& copy_id,
                                 destination_added& added) {
  if (auto* made = copies_.find(copy_id))
    made->running = false;
  // The others wait for what the host had when they joined.
  if (auto* known = state_.find(copy_id);
      known != nullptr && known->life.phase() == share_phase::making)
    share_done(copy_id, reply_of_volume(*known, added));
}

// A late request of the copy that was begun would change one of the same name.
void sandbox_state::rename_volume(const std::string& copy_id) {
  auto* copy = copies_.find(copy_id);
  // REGISTRY says what is left of one that ends.
  if (copy == nullptr || copy_enders_.contains(copy_id)
      || !give_other_name(*copy))
    return;
  for (const auto& share_id : copy->shares)
    if (auto* s = state_.find(share_id))
      s->reply.guest_path = join(copy->terms.guest_path, s->inside);
  record_copy(*copy, [this](const shared_copies::copy& renamed) {
    add_volume(renamed);
  });
}

// Waits until a copy that others use has what the host has now.
void sandbox_state::await_copy(const share& s,
                               const shared_copies::copy& copy) {
  ask(self_, neighbours_.registry, await_current{options_.sandbox_id, copy.id})
    .then(
      [this, id = s.share_id](destination_added& reached) {
        auto* known = state_.find(id);
        if (known != nullptr && known->life.phase() == share_phase::making)
          share_done(id, reply_of_volume(*known, reached));
      },
      [this, id = s.share_id](caf::error& err) {
        auto* known = state_.find(id);
        if (known != nullptr && known->life.phase() == share_phase::making)
          share_done(id, from_caf(err));
      });
}

void sandbox_state::copy_failed(const std::string& copy_id, const error& why) {
  auto* lost = copies_.find(copy_id);
  if (lost == nullptr)
    return;
  if (!copy_enders_.contains(copy_id)) {
    const auto shares = copies_.failed(copy_id);
    forget_copy(copy_id);
    for (const auto& share_id : shares)
      share_done(share_id, why);
    return;
  }
  // Of a volume REGISTRY says what is left.
  if (lost->terms.kind == source_kind::volume)
    return;
  remove_tree(*lost);
}

// Takes away a copy that no share uses any more. What is being sent is stopped,
// and its end takes away what it made; what is being read is forgotten.
void sandbox_state::end_copy(shared_copies::copy& copy, ended then) {
  const auto id = copy.id;
  copy_enders_[id] = std::move(then);
  tell_later(self_, handle{self_}, options_.end_timeout, copy_end_due{id});
  if (copy.terms.kind == source_kind::tree) {
    if (!copy.running)
      remove_tree(copy);
    else if (copy.order != 0)
      tell(proxy_, stop_order{{copy.order}});
    else {
      // The walk ends when it can.
      stop_walk(id);
      copy_gone(id, path_reasons{});
    }
    return;
  }
  ask(self_, neighbours_.registry, remove_destination{options_.sandbox_id, id})
    .then(
      [this, id](const destination_removed& removed) {
        copy_gone(id, removed.leftovers);
      },
      [this, id](caf::error& err) {
        copy_gone(id, from_caf(err));
      });
}

// A guest that does not answer keeps no end of a share up: what is there stays
// to be removed, as long as the sandbox lives.
void sandbox_state::stop_waiting(const std::string& copy_id) {
  const auto i = copy_enders_.find(copy_id);
  const auto* copy = copies_.find(copy_id);
  if (i == copy_enders_.end() || copy == nullptr)
    return;
  const auto then = std::exchange(
    i->second, [this, copy_id](const result<path_reasons>& outcome) {
      if (!outcome)
        forget_copy(copy_id);
    });
  then(path_reasons{{copy->terms.guest_path,
                     "the guest has not answered in time; it is being "
                     "removed"}});
}

void sandbox_state::remove_tree(const shared_copies::copy& copy) {
  ask(self_, proxy_, remove_copy{copy.terms.guest_path})
    .then(
      [this, id = copy.id](const copy_removed& removed) {
        copy_gone(id, removed.leftovers);
      },
      [this, id = copy.id](caf::error& err) {
        copy_gone(id, from_caf(err));
      });
}

void sandbox_state::copy_gone(const std::string& copy_id,
                              const result<path_reasons>& outcome) {
  const auto i = copy_enders_.find(copy_id);
  if (i == copy_enders_.end())
    return;
  const auto then = std::move(i->second);
  copy_enders_.erase(i);
  // What could not be removed is a leftover that GUEST PROXY keeps.
  if (outcome)
    forget_copy(copy_id);
  then(outcome);
}

share_file_reply sandbox_state::reply_of_tree(share& s,
                                              const shared_copies::copy& copy,
                                              skipped_list skipped) {
  s.would_be_denied |= copy.would_be_denied;
  auto reply = reply_with(s, std::move(skipped));
  reply.notes = copy.notes;
  return reply;
}

share_file_reply sandbox_state::reply_of_volume(const share& s,
                                                destination_added& copied) {
  auto reply = reply_with(s, std::move(copied.skipped));
  reply.generation = std::move(copied.generation);
  reply.notes = std::move(copied.notes);
  return reply;
}

share_file_reply sandbox_state::reply_with(const share& s,
                                           skipped_list skipped) {
  auto reply = s.reply;
  // Of a copy that others have made first, or that got another name.
  reply.raw_guest_path = reply.guest_path;
  reply.skipped = std::move(skipped);
  return reply;
}

} // namespace fsshare
