// SPDX-License-Identifier: Apache-2.0
#include "actors/node.hpp"

#include "core/pacing.hpp"
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
        const auto rest = [this, reply, msg, promise] {
          collect_asides_then(reply, msg, promise);
        };
        if (msg.remove)
          take_away(reply, rest);
        else
          rest();
      },
      [promise](caf::error& err) mutable {
        promise.deliver(std::move(err));
      });
  return promise;
}

// Each by a request as a client's: SANDBOX refuses one that was prepared, and
// keeps a Prepare from coming in between.
void node_state::take_away(const std::shared_ptr<collect_orphans_reply>& reply,
                           const std::function<void()>& then) {
  // One more than there are, so that none is an answer, too.
  const auto missing = std::make_shared<std::size_t>(reply->orphans.size() + 1);
  const auto one_less = [missing, then] {
    if (--*missing == 0)
      then();
  };
  for (auto& each : reply->orphans) {
    const auto& id = each.sandbox_id;
    // For one whose end nobody lives to see.
    each.reason = at_the_end_.message;
    ask(self_, handle{self_}, cleanup_request{id, true})
      .then(
        [reply, one_less, &each](cleanup_reply& done) {
          each.removed = true;
          each.reason.clear();
          each.foreign = std::move(done.foreign);
          log::info("orphan-removed", {{"sandbox", each.sandbox_id}});
          one_less();
        },
        [reply, one_less, &each](const caf::error& err) {
          each.reason = from_caf(err).message;
          one_less();
        });
  }
  one_less();
}

// With the last page: by then it is known which orphans have stayed.
void node_state::collect_asides_then(
  const std::shared_ptr<collect_orphans_reply>& reply,
  const collect_orphans_request& msg,
  const reply_promise<collect_orphans_reply>& promise) {
  if (!marks_.journal || reply->orphans_more > 0 || !msg.sandbox_id.empty()) {
    promise.deliver(std::move(*reply));
    return;
  }
  ask(self_, marks_.mounter, list_marks{marks_.copy_mark_dir})
    .then(
      [this, reply, msg, promise](const marked_entries& seen) {
        using which = collect_asides::which;
        ask_for_asides(reply,
                       {told_by_asides(sort_entries(seen, known_sandboxes())),
                        msg.remove ? which::all : which::none},
                       promise);
      },
      [promise](caf::error& err) {
        promise.deliver(std::move(err));
      });
}

// A state directory that does not answer is no reason to tell of no orphans.
void node_state::ask_for_asides(
  const std::shared_ptr<collect_orphans_reply>& reply,
  const collect_asides& what,
  const reply_promise<collect_orphans_reply>& promise) {
  ask_within(self_, marks_.journal, pacing::longest_record, what)
    .then(
      [reply, promise](asides_collected& got) {
        reply->asides = std::move(got.asides);
        promise.deliver(std::move(*reply));
      },
      [reply, promise](const caf::error&) {
        promise.deliver(std::move(*reply));
      });
}

} // namespace fsshare
