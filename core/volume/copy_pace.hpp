// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"
#include "core/result.hpp"
#include "core/volume/retry_record.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace fsshare {

/// When one destination of a volume may be sent something again.
///
/// Each kind of order has a back-off of its own; pushes have two limits beside
/// it: the budget of superseded ones (ADR 18), and the hold, a wait that no
/// reconnect ends, where what they leave in the guest cannot be removed.
class copy_pace {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// So many parts that cannot be removed may pile up between two flips without
  /// a hold.
  static constexpr std::size_t most_leftovers = pacing::most_parts_left;

  /// @param seed Of the jitter of retries.
  explicit copy_pace(std::uint32_t seed);

  retry_record& pushes() {
    return pushes_;
  }
  const retry_record& pushes() const {
    return pushes_;
  }
  retry_record& settling() {
    return settling_;
  }
  const retry_record& settling() const {
    return settling_;
  }
  retry_record& repairs() {
    return repairs_;
  }
  const retry_record& repairs() const {
    return repairs_;
  }

  /// Forgets waits that are over at `now`.
  void pass(time_point now);

  /// What failed need not wait. Does not end a hold.
  void retry_now();

  /// Notes what a superseded push has cost.
  void wasted(std::uint64_t requests) {
    wasted_ += requests;
  }

  /// A part of a generation could not be removed. From the third one on since
  /// the last flip each is followed by a hold of 30 s at first, 5 min at last.
  /// @param root guest path of the volume, for the reason.
  void note_leftover(const std::string& name, const std::string& root,
                     time_point now);
  /// Such a part is gone: the hold ends where fewer than three are left.
  void removed(const std::string& name);

  /// A new generation went live: budget and hold begin anew.
  void flipped();

  /// Returns whether a push that takes so many requests may be superseded.
  bool may_supersede(std::uint64_t requests) const {
    return leftovers_.empty() && wasted_ < requests;
  }

  /// Returns whether a push may begin at `now`.
  bool may_push(time_point now) const {
    return pushes_.is_due(now) && held(now) == nullptr;
  }

  /// Why pushes are held at `now`; null if they are not. Valid until the next
  /// change.
  const error* held(time_point now) const {
    return hold_ && hold_->until > now ? &hold_->why : nullptr;
  }

  /// When a push that has to wait may begin; nothing if none has to.
  std::optional<time_point> push_due() const;

  /// Why something waits; null if nothing does. Valid until the next change.
  const error* why() const;

  /// Of all kinds of orders, since the last success of each.
  unsigned failures() const;

private:
  struct push_hold {
    time_point until;
    error why;
  };

  retry_record pushes_;
  retry_record settling_;
  retry_record repairs_;
  backoff hold_times_;
  std::optional<push_hold> hold_;
  /// Parts that could not be removed, since the last flip.
  std::set<std::string> leftovers_;
  /// Requests that superseded pushes cost since the last flip.
  std::uint64_t wasted_ = 0;
};

} // namespace fsshare
