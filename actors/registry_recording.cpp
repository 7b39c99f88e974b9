// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"

#include <utility>

namespace fsshare {

// The names that a push makes are written down before it; all others are known
// by then. What was written down when its generation was begun is enough where
// nothing has changed since.
void registry_state::begin_push(destination_id id, const guest_order& order) {
  using push_wait = destination::push_wait;
  const auto i = destinations_.find(id);
  if (i == destinations_.end())
    return;
  i->second.push = push_wait::recording;
  if (table_.failures(id).value_or(0) > 0)
    counted_.add("kata_fsshare_push_retries_total", 1);
  if (take_expected(id)) {
    i->second.push = push_wait::none;
    give_order(id, order);
    return;
  }
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

// A volume whose generations are begun and never published costs one record
// for each look at it.
void registry_state::expect_push(const volume_changed& msg) {
  if (!recorder_.is_there() || expected_.contains(msg.path))
    return;
  for (auto& [id, what] : table_.expect(msg.path, msg.generation, now())) {
    auto& d = destinations_.at(id);
    const auto turn = ++last_expected_;
    expected_[msg.path].push_back(id);
    d.expected.emplace(destination::expected_push{what, turn});
    recorder_.record(d.sandbox_id,
                     recorded_destination{d.share_id, std::move(what)},
                     [this, id, turn] {
                       was_recorded(id, turn);
                     });
  }
}

void registry_state::was_recorded(destination_id id, std::uint64_t turn) {
  const auto d = destinations_.find(id);
  if (d != destinations_.end() && d->second.expected
      && d->second.expected->turn == turn)
    d->second.expected->at = destination::expected_push::step::recorded;
}

// Returns whether all that a push may do is written down.
bool registry_state::take_expected(destination_id id) {
  const auto known = std::exchange(destinations_.at(id).expected, std::nullopt);
  return known && known->at == destination::expected_push::step::recorded
         && table_.record(id) == known->record;
}

// What was written down of pushes that have not come is taken back.
void registry_state::expect_no_more(const std::string& volume) {
  const auto expected = expected_.extract(volume);
  if (expected.empty())
    return;
  for (const auto id : expected.mapped())
    if (const auto d = destinations_.find(id);
        d != destinations_.end() && d->second.expected)
      record(id);
}

void registry_state::record(destination_id id) {
  const auto i = destinations_.find(id);
  if (i == destinations_.end() || !recorder_.is_there())
    return;
  i->second.expected.reset();
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
  i->second.expected.reset();
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
