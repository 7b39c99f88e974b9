// SPDX-License-Identifier: Apache-2.0
#include "actors/sandbox.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

// A guest that was started again may have lost a tree. What nobody in it can
// have changed is copied there again, under the path that its containers know;
// a single file, too, for it is gone with all that was written to it.
void sandbox_state::tree_lost(const std::string& guest_root) {
  const auto* copy = copies_.at_guest_path(guest_root);
  if (copy == nullptr || copy->running || copy_enders_.contains(copy->id))
    return;
  log::warning("tree-lost", {{"sandbox", options_.sandbox_id},
                             {"source", copy->terms.source},
                             {"guest_path", guest_root}});
  if (copy->terms.kind == source_kind::tree)
    read_again(*copy);
}

void sandbox_state::try_again(const copy_again_due& due) {
  const auto* copy = copies_.find(due.copy_id);
  if (copy != nullptr && copy->tries == due.which && !copy->running
      && !copy_enders_.contains(copy->id))
    read_again(*copy);
}

bool sandbox_state::may_be_written(const shared_copies::copy& copy) const {
  return copy.terms.life == copy_life::until_sandbox_ends
         || std::any_of(copy.shares.begin(), copy.shares.end(),
                        [this](const auto& id) {
                          const auto i = state_.shares().find(id);
                          return i == state_.shares().end()
                                 || !i->second.request.mount.read_only;
                        });
}

void sandbox_state::read_again(const shared_copies::copy& known) {
  auto& copy = *copies_.find(known.id);
  const auto which = ++copy.tries;
  if (may_be_written(copy) && !copy.is_file) {
    not_again(copy, "it is not copied again, since containers may have written "
                    "to it");
    return;
  }
  copy.lost = "it is being copied again";
  ask(self_, neighbours_.reader, tree_of(copy, nullptr))
    .then(
      [this, id = copy.id, which](const tree_read& read) {
        send_again(id, which, read.tree);
      },
      [this, id = copy.id, which](caf::error& err) {
        failed_again(id, which, from_caf(err).message);
      });
}

void sandbox_state::send_again(const std::string& copy_id, std::uint64_t which,
                               const tree_snapshot_ptr& tree) {
  auto* copy = copies_.find(copy_id);
  // Without it, or with somebody who ends it, nobody wants it any more.
  if (copy == nullptr || copy->tries != which || copy->running
      || copy_enders_.contains(copy_id))
    return;
  const bool is_file
    = !tree->entries.empty() && tree->entries.front().type == entry_type::file;
  if (tree->entries.empty() || is_file != copy->is_file) {
    failed_again(copy_id, which,
                 copy->terms.source + " is something else by now");
    return;
  }
  note_losses(*copy, *tree);
  copy->running = true;
  copy->order = first_tree_order + ++last_order_;
  ask(self_, proxy_,
      copy_tree{{copy->order},
                copy->terms.source,
                tree,
                copy->terms.guest_path,
                may_be_written(*copy)})
    .then(
      [this, copy_id, which, tree](const tree_copied& copied) {
        if (copied.needs_other_name)
          failed_again(copy_id, which,
                       "the connection ended while it was copied again");
        else
          sent_again(copy_id, *tree, copied.skipped);
      },
      [this, copy_id, which](caf::error& err) {
        failed_again(copy_id, which, from_caf(err).message);
      });
}

void sandbox_state::sent_again(const std::string& copy_id,
                               const tree_snapshot& tree,
                               const skipped_list& skipped) {
  auto* copy = copies_.find(copy_id);
  if (copy == nullptr)
    return;
  copy->running = false;
  copy->lost.clear();
  copy->again.reset();
  copy->skipped = skipped;
  record(record_of(*copy, tree));
  if (copy_enders_.contains(copy_id)) {
    remove_tree(*copy);
    return;
  }
  for (const auto& share_id : copy->shares)
    if (auto* s = state_.find(share_id)) {
      s->reply.skipped = skipped;
      s->reply.notes = copy->notes;
    }
  log::info("tree-copied-again", {{"sandbox", options_.sandbox_id},
                                  {"source", copy->terms.source},
                                  {"guest_path", copy->terms.guest_path}});
}

// Whatever it was may pass: a source comes back, a guest gets room.
void sandbox_state::failed_again(const std::string& copy_id,
                                 std::uint64_t which, const std::string& why) {
  auto* copy = copies_.find(copy_id);
  if (copy == nullptr || copy->tries != which)
    return;
  if (copy_enders_.contains(copy_id)) {
    if (std::exchange(copy->running, false))
      remove_tree(*copy);
    return;
  }
  copy->running = false;
  if (!copy->again)
    copy->again.emplace(pacing::held_pushes,
                        static_cast<std::uint32_t>(neighbours_.nonce()));
  tell_later(self_, handle{self_}, copy->again->next(),
             copy_again_due{copy_id, which});
  not_again(*copy, why + "; it is tried again");
}

void sandbox_state::not_again(shared_copies::copy& copy,
                              const std::string& why) {
  copy.lost = why;
  log::warning("tree-not-copied-again", {{"sandbox", options_.sandbox_id},
                                         {"source", copy.terms.source},
                                         {"guest_path", copy.terms.guest_path},
                                         {"reason", why}});
}

} // namespace fsshare
