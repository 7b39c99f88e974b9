// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"

#include <utility>

namespace fsshare {

// The names that a push makes are written down before it; all others are known
// by then.
void registry_state::begin_push(destination_id id, const guest_order& order) {
  using push_wait = destination::push_wait;
  const auto i = destinations_.find(id);
  if (i == destinations_.end())
    return;
  i->second.push = push_wait::recording;
  if (table_.failures(id).value_or(0) > 0)
    counted_.add("kata_fsshare_push_retries_total", 1);
  record(id, [this, id, order] {
    const auto d = destinations_.find(id);
    if (d == destinations_.end())
      return;
    if (std::exchange(d->second.push, push_wait::none)
        == push_wait::recording) {
      give_order(id, order);
      return;
    }
    order_outcome superseded;
    superseded.sent = false;
    superseded.cause = stop_cause::superseded;
    superseded.err = {errc::aborted, "superseded"};
    ended(id, superseded);
  });
}

void registry_state::record(destination_id id) {
  const auto i = destinations_.find(id);
  if (i == destinations_.end() || !recorder_.is_there())
    return;
  if (auto what = table_.record(id))
    recorder_.record(
      i->second.sandbox_id,
      recorded_destination{i->second.share_id, *std::move(what)});
}

void registry_state::record(destination_id id,
                            const std::function<void()>& then) {
  const auto i = destinations_.find(id);
  auto what = recorder_.is_there() ? table_.record(id) : std::nullopt;
  if (i == destinations_.end() || !what) {
    then();
    return;
  }
  recorder_.record(i->second.sandbox_id,
                   recorded_destination{i->second.share_id, *std::move(what)},
                   then);
}

// What has changed in the guest is written down before anybody is told.
void registry_state::ended(destination_id id, const order_outcome& outcome) {
  if (const auto live = table_.finished(id, outcome, now())) {
    log_live(id, *live);
    count_lag(*live);
  }
  log_outcome(id, outcome);
  record(id);
  act();
}

} // namespace fsshare
