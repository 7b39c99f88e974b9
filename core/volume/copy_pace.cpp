// SPDX-License-Identifier: Apache-2.0
#include "core/volume/copy_pace.hpp"

#include <algorithm>

namespace fsshare {

namespace {

void forget_past(retry_record& tries, copy_pace::time_point now) {
  if (tries.is_due(now))
    tries.retry_now();
}

} // namespace

copy_pace::copy_pace(std::uint32_t seed)
  : pushes_(pacing::orders, seed), settling_(pacing::orders, seed),
    repairs_(pacing::orders, seed), hold_times_(pacing::held_pushes, seed + 2) {
}

void copy_pace::pass(time_point now) {
  forget_past(pushes_, now);
  forget_past(settling_, now);
  forget_past(repairs_, now);
  if (hold_ && hold_->until <= now)
    hold_.reset();
}

void copy_pace::retry_now() {
  pushes_.retry_now();
  settling_.retry_now();
  repairs_.retry_now();
}

void copy_pace::note_leftover(const std::string& name, const std::string& root,
                              time_point now) {
  const bool is_new = leftovers_.insert(name).second;
  if (!is_new || leftovers_.size() < most_leftovers)
    return;
  const auto parts = std::to_string(leftovers_.size())
                     + " copies in part cannot be removed from guest path "
                     + root + ", so the next try waits";
  const auto* why = pushes_.why();
  hold_ = push_hold{now + hold_times_.next(),
                    why != nullptr ? why->within(parts)
                                   : error{errc::failed_precondition, parts}};
}

void copy_pace::removed(const std::string& name) {
  leftovers_.erase(name);
  if (leftovers_.size() < most_leftovers)
    hold_.reset();
}

void copy_pace::flipped() {
  wasted_ = 0;
  leftovers_.clear();
  hold_.reset();
  hold_times_.reset();
}

std::optional<copy_pace::time_point> copy_pace::push_due() const {
  auto due = pushes_.due_at();
  if (hold_)
    due = due ? std::max(*due, hold_->until) : hold_->until;
  return due;
}

const error* copy_pace::why() const {
  if (hold_)
    return &hold_->why;
  for (const auto* tries : {&pushes_, &settling_, &repairs_})
    if (tries->why() != nullptr)
      return tries->why();
  return nullptr;
}

unsigned copy_pace::failures() const {
  return pushes_.failures() + settling_.failures() + repairs_.failures();
}

} // namespace fsshare
