// SPDX-License-Identifier: Apache-2.0
#include "core/volume/guest_copy.hpp"

#include "core/earlier.hpp"
#include "core/pacing.hpp"

#include <utility>

namespace fsshare {

namespace {

using namespace copy_state;

// Requests that a push takes at least: those of its tree, and the flip.
std::uint64_t requests_of(const volume_snapshot& pushed) {
  std::uint64_t count = 1;
  for (const auto& entry : pushed.tree.entries)
    count += 1 + (entry.size == 0 ? 0 : (entry.size - 1) / default_chunk_bytes);
  return count;
}

} // namespace

guest_copy::guest_copy(const settings& s) : names_(s), pace_(s.seed) {
}

guest_copy::guest_copy(const settings& s, const guest_record& from,
                       time_point now)
  : names_(s, from, now), pace_(s.seed) {
  // Without a live one there is nothing to flip to before the next push.
  if (names_.doubtful().empty() || !names_.acknowledged())
    return;
  push_effect cut_off;
  cut_off.name = names_.doubtful().back();
  state_ = unsettled{std::move(cut_off),
                     {errc::unavailable, "the node agent was started again "
                                         "while the generation was sent"},
                     direction::back,
                     false};
}

void guest_copy::host_has(const generation& host, time_point now) {
  if (names_.acknowledged() != host)
    return;
  // There is nothing to push, so nothing that fails, nor a flip to wait for.
  pace_.pushes().succeeded();
  names_.clear_parts(push_out(), now);
}

std::optional<guest_order> guest_copy::next(const volume_snapshot_ptr& host,
                                            time_point now) {
  if (is_ending())
    return next_ending();
  pace_.pass(now);
  if (host)
    host_has(host->id, now);
  names_.clear_too_many_parts(push_out(), now);
  if (auto order = next_sending(host, now))
    return order;
  if (flip_in_doubt() == nullptr)
    return clear(now);
  return std::nullopt;
}

// The order matters: a live generation is settled before anything else.
std::optional<guest_order>
guest_copy::next_sending(const volume_snapshot_ptr& host, time_point now) {
  if (auto* flip = std::get_if<unsettled>(&state_)) {
    if (!pace_.settling().is_due(now))
      return std::nullopt;
    return settle(std::move(*flip));
  }
  if (!std::holds_alternative<idle>(state_))
    return std::nullopt;
  if (host && names_.acknowledged() != host->id && pace_.may_push(now)
      && !names_.must_clear_first())
    return push(host);
  if (auto order = repair(now))
    return order;
  return confirm(now);
}

std::optional<guest_order> guest_copy::next_ending() {
  if (auto* end = std::get_if<leaving>(&state_)) {
    if (end->order || removing_)
      return std::nullopt;
    if (!names_.may_exist()) {
      state_ = copy_state::gone{};
      return std::nullopt;
    }
    state_ = removing_root{};
    return removal_order{{names_.root_removal()}};
  }
  if (auto* end = std::get_if<emptying_root>(&state_);
      end != nullptr && end->at == emptying_root::step::due) {
    end->at = emptying_root::step::out;
    return removal_order{names_.all_removals()};
  }
  return std::nullopt;
}

guest_order guest_copy::push(const volume_snapshot_ptr& host) {
  auto planned = names_.begin_push(*host);
  ++pushes_;
  state_ = sending{
    pushing{std::move(planned.effect), requests_of(*host),
            planned.options.send_others ? host->others.entries.size() : 0}};
  return push_order{host, std::move(planned.options)};
}

guest_order guest_copy::settle(unsettled flip) {
  auto steps = flip.next == direction::back ? names_.flip_to_live()
                                            : names_.flip_to(flip.push);
  state_ = sending{settling{std::move(flip)}};
  return steps_order{std::move(steps)};
}

std::optional<guest_order> guest_copy::repair(time_point now) {
  if (!pace_.repairs().is_due(now))
    return std::nullopt;
  auto planned = names_.begin_repair(now);
  if (planned.steps.empty())
    return std::nullopt;
  state_ = sending{repairing{std::move(planned.links)}};
  return steps_order{std::move(planned.steps)};
}

// While flips without an answer may happen.
std::optional<guest_order> guest_copy::confirm(time_point now) {
  const auto due = names_.flip_due();
  if (!due || *due > now)
    return std::nullopt;
  state_ = sending{confirming{}};
  return steps_order{names_.flip_to_live()};
}

std::optional<guest_order> guest_copy::clear(time_point now) {
  if (removing_)
    return std::nullopt;
  auto steps
    = names_.begin_removals(busy() ? now - pacing::removal_delay : now);
  if (steps.empty())
    return std::nullopt;
  removing_ = removal_order{std::move(steps)};
  return *removing_;
}

void guest_copy::send_now() {
  pace_.retry_now();
}

void guest_copy::retry_now(time_point now) {
  send_now();
  names_.retry_removals(now);
}

void guest_copy::guest_is_empty(time_point now) {
  if (auto* busy = std::get_if<sending>(&state_))
    state_ = outdated{std::move(busy->order)};
  else if (std::holds_alternative<unsettled>(state_))
    state_ = idle{};
  start_over(now);
}

void guest_copy::start_over(time_point now) {
  names_.guest_is_empty();
  retry_now(now);
}

void guest_copy::keep_sealed(time_point now) {
  names_.keep_sealed(now);
}

void guest_copy::leave() {
  if (is_ending())
    return;
  const auto* order = out();
  state_ = leaving{order != nullptr ? std::optional{*order} : std::nullopt};
}

} // namespace fsshare
