// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"

#include <utility>

namespace fsshare {

// The names that a push makes are written down before it; all others are known
// by then. What was written down while its volume was read is enough where
// nothing else has changed.
void registry_state::begin_push(destination_id id, const guest_order& order) {
  using push_wait = destination::push_wait;
  const auto i = destinations_.find(id);
  if (i == destinations_.end())
    return;
  auto& d = i->second;
  d.push = push_wait::recording;
  if (table_.failures(id).value_or(0) > 0)
    counted_.add("kata_fsshare_push_retries_total", 1);
  const auto then = [this, id, order] {
    push_recorded(id, order);
  };
  if (!d.expected || table_.push_out_record(id) != d.expected->record) {
    record_push(id, then);
  } else if (d.expected->at == destination::expected_push::step::recording) {
    d.expected->then = then;
  } else {
    d.expected.reset();
    then();
  }
}

void registry_state::push_recorded(destination_id id,
                                   const guest_order& order) {
  using push_wait = destination::push_wait;
  const auto d = destinations_.find(id);
  if (d == destinations_.end())
    return;
  if (std::exchange(d->second.push, push_wait::none) == push_wait::recording) {
    give_order(id, order);
    tell_noted();
    return;
  }
  order_outcome superseded;
  superseded.sent = false;
  superseded.cause = stop_cause::superseded;
  superseded.err = {errc::aborted, "superseded"};
  ended(id, superseded);
}

// So that the line is written before the rotation comes, or while a reader is
// at work.
void registry_state::expect_pushes(const std::string& volume) {
  if (!recorder_.is_there())
    return;
  for (auto& push : table_.expect(volume, now())) {
    auto& d = destinations_.at(push.id);
    if (d.expected && d.expected->record == push.record)
      continue;
    const auto turn = ++last_expected_;
    expected_[volume].push_back(push.id);
    d.expected.emplace(destination::expected_push{push.record, turn});
    recorder_.add(d.sandbox_id,
                  recorded_push{d.share_id, std::move(push.record)},
                  [this, id = push.id, turn] {
                    expected_recorded(id, turn);
                  });
  }
  recorder_.flush();
}

void registry_state::expected_recorded(destination_id id, std::uint64_t turn) {
  const auto i = destinations_.find(id);
  if (i == destinations_.end() || !i->second.expected
      || i->second.expected->turn != turn)
    return;
  auto& d = i->second;
  d.expected->at = destination::expected_push::step::recorded;
  if (const auto push = std::exchange(d.expected->then, nullptr)) {
    d.expected.reset();
    push();
  }
}

// What was written down of pushes that have not come is taken back.
void registry_state::expect_no_more(const std::string& volume) {
  const auto expected = expected_.extract(volume);
  if (expected.empty())
    return;
  for (const auto id : expected.mapped())
    if (const auto d = destinations_.find(id); d != destinations_.end()
                                               && d->second.expected
                                               && !d->second.expected->then)
      record(id);
  recorder_.flush();
}

// Another record takes the place of one of a push that has not come.
void registry_state::forget_expected(destination& d) {
  if (d.expected && !d.expected->then)
    d.expected.reset();
}

void registry_state::record(destination_id id) {
  const auto i = destinations_.find(id);
  if (i == destinations_.end() || !recorder_.is_there())
    return;
  forget_expected(i->second);
  if (auto what = table_.record(id))
    recorder_.add(i->second.sandbox_id,
                  recorded_destination{i->second.share_id, *std::move(what)});
}

void registry_state::record_push(destination_id id,
                                 const std::function<void()>& then) {
  const auto i = destinations_.find(id);
  auto what = i != destinations_.end() && recorder_.is_there()
                ? record_of_push(id)
                : std::nullopt;
  if (!what) {
    then();
    return;
  }
  forget_expected(i->second);
  recorder_.add(i->second.sandbox_id, *std::move(what), then);
}

// Of a push only what it may change, but for the first one.
std::optional<journal_record>
registry_state::record_of_push(destination_id id) const {
  const auto& copy_id = destinations_.at(id).share_id;
  if (auto push = table_.push_out_record(id))
    return recorded_push{copy_id, *std::move(push)};
  if (auto all = table_.record(id))
    return recorded_destination{copy_id, *std::move(all)};
  return std::nullopt;
}

// What has changed in the guest is written down before anybody is told.
void registry_state::ended(destination_id id, const order_outcome& outcome) {
  if (const auto live = table_.finished(id, outcome, now())) {
    log_live(id, *live);
    note_live(id, *live);
    count_lag(*live);
  }
  log_outcome(id, outcome);
  note_outcome(id, outcome);
  record(id);
  act();
}

} // namespace fsshare
