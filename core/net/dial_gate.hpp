// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace fsshare {

/// Spreads dials that are wanted all at once, as after a restart of the node:
/// so many begin at a time, the others wait in their order. A dial holds its
/// slot until it ends, but not for ever: one without an answer goes on without
/// a slot, so that guests that hang hold up the others for a moment only, and
/// an end that nobody tells of cannot close the gate.
class dial_gate {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Names a dial; never used again.
  using ticket = std::uint64_t;

  struct settings {
    /// Most dials that hold a slot, at least 1.
    std::size_t slots = 16;
    /// How long a dial holds its slot at most.
    std::chrono::nanoseconds patience = pacing::dial_slot;
  };

  explicit dial_gate(const settings& s) : settings_(s) {
  }

  /// Lets a dial wait for a slot.
  ticket enter();

  /// Returns the dials that begin now, in the order of enter().
  std::vector<ticket> begin(time_point now);

  /// Gives back the slot of a dial that has ended, whatever came of it. Ignored
  /// for one that holds none. Idempotent.
  void leave(ticket which);

  /// Returns when begin() will let the next one in, after it was called, if no
  /// dial ends before; nothing if none waits.
  std::optional<time_point> next_due() const;

  std::size_t waiting() const {
    return waiting_.size();
  }
  /// Returns how many dials hold a slot.
  std::size_t holding() const {
    return held_until_.size();
  }

private:
  settings settings_;
  ticket last_ = 0;
  std::deque<ticket> waiting_;
  /// As all have the same patience, the first to begin is the first to expire;
  /// tickets rise in that order, too.
  std::map<ticket, time_point> held_until_;
};

} // namespace fsshare
