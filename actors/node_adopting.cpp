// SPDX-License-Identifier: Apache-2.0
#include "actors/node.hpp"

#include "log/log.hpp"

#include <utility>

namespace fsshare {

namespace {

/// What Cleanup needs to know.
sandbox_remains remains_of(const recorded_sandbox& recorded, error cause) {
  sandbox_remains out{std::move(cause), recorded.prepare.request};
  for (const auto& entry : recorded.rootfs)
    if (const auto& image = entry.second.what.image; !image.empty())
      out.images.insert(image);
  return out;
}

} // namespace

caf::result<sandboxes_adopted> node_state::adopt(const adopt_sandboxes& msg) {
  const reply_promise<sandboxes_adopted> promise{self_};
  // The last that holds it answers.
  const adopting all{new reply_promise<sandboxes_adopted>{promise},
                     [](reply_promise<sandboxes_adopted>* owed) {
                       owed->deliver(sandboxes_adopted{});
                       delete owed;
                     }};
  for (const auto& one : msg.sandboxes) {
    const auto& request = one.recorded.prepare.request;
    log::name_sandbox(request.sandbox_id, joined(request.labels));
    std::visit(
      [&](const auto& what) {
        adopt_one(one.recorded, what, all);
      },
      one.what);
  }
  return promise;
}

void node_state::adopt_one(const recorded_sandbox& recorded,
                           const adopted_sandbox& adopted,
                           const adopting& all) {
  const auto& id = recorded.prepare.request.sandbox_id;
  counted_.add("kata_fsshare_adopted_sandboxes_total", 1, {"adopted"});
  log::info("sandbox-adopted", {{"sandbox", id},
                                {"shares", adopted.sandbox.shares.size()
                                             + adopted.sandbox.copied.size()},
                                {"rootfs", adopted.sandbox.rootfs.size()}});
  note(told_, {event_id::sandbox_adopted, id});
  for (const auto& lost : adopted.lost) {
    log::warning("share-lost", {{"sandbox", id}, {"share", lost}});
    note(told_, {event_id::share_lost, id, {}, lost});
  }
  auto& entry = sandboxes_[id];
  entry.actor = make_sandbox_(id, std::nullopt);
  set_exists(id, entry, true);
  ask(self_, entry.actor,
      restore_sandbox{std::make_shared<const adopted_sandbox>(adopted)})
    .then([all](const sandbox_restored&) {}, [all](const caf::error&) {});
}

void node_state::adopt_one(const recorded_sandbox& recorded,
                           const unfinished_sandbox& unfinished,
                           const adopting& all) {
  const auto& id = recorded.prepare.request.sandbox_id;
  counted_.add("kata_fsshare_adopted_sandboxes_total", 1, {"unfinished"});
  log::info("sandbox-unfinished", {{"sandbox", id}});
  note(told_, {event_id::sandbox_unfinished, id});
  auto left = remains_of(recorded,
                         {errc::aborted, "an earlier process did not end it"});
  left.is_unfinished = true;
  auto& entry = sandboxes_[id];
  entry.actor = make_sandbox_(id, left);
  // Of a Cleanup that fails, another one may be asked for.
  set_exists(id, entry, unfinished.phase == recorded_phase::leaving);
  ++entry.changing;
  ask(self_, entry.actor, cleanup_request{id, false})
    .then(
      [this, id, all](const cleanup_reply&) {
        if (const auto known = sandboxes_.find(id); known != sandboxes_.end())
          set_exists(id, known->second, false);
        changed(id);
      },
      [this, id, all](const caf::error& err) {
        log::warning("sandbox-not-cleaned",
                     {{"sandbox", id}, {"error", from_caf(err).message}});
        changed(id);
      });
}

void node_state::adopt_one(const recorded_sandbox& recorded,
                           const lost_sandbox& lost, const adopting&) {
  const auto& id = recorded.prepare.request.sandbox_id;
  counted_.add("kata_fsshare_adopted_sandboxes_total", 1, {"lost"});
  log::warning("sandbox-lost", {{"sandbox", id}, {"reason", lost.why}});
  node_event told{event_id::sandbox_lost, id};
  told.detail = lost.why;
  note(told_, std::move(told));
  auto& entry = sandboxes_[id];
  set_exists(id, entry, true);
  entry.remains = remains_of(recorded, {errc::failed_precondition, lost.why});
}

} // namespace fsshare
