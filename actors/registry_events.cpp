// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"

#include <utility>

namespace fsshare {

// Whoever is told is woken, which takes longer than the rest of a handler: what
// a rotation waits for comes first, and each is woken once. Who is answered
// finds told what led to the answer.
void registry_state::tell_noted() {
  recorder_.flush();
  note(events_, std::exchange(noted_, {}));
}

void registry_state::note_volume(event_id id, const std::string& volume,
                                 std::string detail) {
  node_event out;
  out.id = id;
  out.volume = volume;
  out.detail = std::move(detail);
  noted_.push_back(std::move(out));
}

// That a rotation got in between, or the volume is gone, is told otherwise.
void registry_state::note_read(const volume_ticket& asked,
                               const result<volume_snapshot_ptr>& got) {
  if (!got
      && (got.err().code == errc::aborted || got.err().code == errc::not_found))
    return;
  node_event out;
  out.id = got ? event_id::generation_read : event_id::read_failed;
  out.volume = asked.volume;
  if (got)
    out.generation = (*got)->id.name;
  else
    out.detail = got.err().message;
  noted_.push_back(std::move(out));
}

void registry_state::note_begun(destination& of, const guest_order& order) {
  const auto* push = std::get_if<push_order>(&order);
  if (push == nullptr)
    return;
  of.pushed = push->snapshot->id.name;
  node_event out;
  out.id = event_id::push_begun;
  out.sandbox_id = of.sandbox_id;
  out.share_id = of.share_id;
  out.volume = of.volume;
  out.generation = of.pushed;
  noted_.push_back(std::move(out));
}

void registry_state::note_live(destination_id id, const generation_live& live) {
  const auto i = destinations_.find(id);
  if (i == destinations_.end())
    return;
  node_event out;
  out.id = event_id::generation_live;
  out.sandbox_id = i->second.sandbox_id;
  out.share_id = i->second.share_id;
  out.volume = i->second.volume;
  out.generation = live.name;
  out.lag = live.lag;
  out.is_superseded = live.superseded;
  noted_.push_back(std::move(out));
}

void registry_state::note_outcome(destination_id id,
                                  const order_outcome& outcome) {
  const auto i = destinations_.find(id);
  if (outcome.complete || i == destinations_.end())
    return;
  node_event out;
  if (!outcome.removals.empty())
    out.id = event_id::removal_failed;
  else if (outcome.err.code == errc::aborted)
    out.id = event_id::push_superseded;
  else
    out.id = event_id::push_failed;
  out.sandbox_id = i->second.sandbox_id;
  out.share_id = i->second.share_id;
  out.volume = i->second.volume;
  out.generation = i->second.pushed;
  out.detail = outcome.err.message;
  out.failures = table_.failures(id).value_or(0);
  out.next_try = table_.next_try(id, now());
  noted_.push_back(std::move(out));
}

} // namespace fsshare
