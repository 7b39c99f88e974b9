// SPDX-License-Identifier: Apache-2.0
#include "actors/node.hpp"

#include "core/share/orphans.hpp"
#include "log/log.hpp"

#include <utility>

namespace fsshare {

std::set<std::string> node_state::known_sandboxes() const {
  std::set<std::string> out;
  // Also those that are only being prepared.
  for (const auto& entry : sandboxes_)
    out.insert(entry.first);
  return out;
}

caf::result<collect_orphans_reply>
node_state::collect(const collect_orphans_request& msg) {
  const auto promise = collecting_.add(self_);
  ask(self_, marks_.mounter, list_marks{marks_.copy_mark_dir})
    .then(
      [this, msg, promise](const marked_entries& seen) {
        // What is known now: a mark that was made meanwhile is of one that is.
        const auto reply
          = std::make_shared<collect_orphans_reply>(orphans_asked_for(
            msg, sort_entries(seen, known_sandboxes()), marks_.share_root));
        if (msg.remove)
          return take_away(reply, promise);
        promise.deliver(std::move(*reply));
      },
      [promise](caf::error& err) mutable {
        promise.deliver(std::move(err));
      });
  return promise;
}

// Each by a request as a client's: SANDBOX refuses one that was prepared, and
// keeps a Prepare from coming in between.
void node_state::take_away(
  const std::shared_ptr<collect_orphans_reply>& reply,
  const reply_promise<collect_orphans_reply>& promise) {
  // The last that holds it answers.
  const std::shared_ptr<void> all{nullptr, [reply, promise](void*) mutable {
                                    promise.deliver(std::move(*reply));
                                  }};
  for (auto& each : reply->orphans) {
    const auto& id = each.sandbox_id;
    // For one whose end nobody lives to see.
    each.reason = at_the_end_.message;
    ask(self_, handle{self_}, cleanup_request{id, true})
      .then(
        [all, &each](cleanup_reply& done) {
          each.removed = true;
          each.reason.clear();
          each.foreign = std::move(done.foreign);
          log::info("orphan-removed", {{"sandbox", each.sandbox_id}});
        },
        [all, &each](const caf::error& err) {
          each.reason = from_caf(err).message;
        });
  }
}

} // namespace fsshare
