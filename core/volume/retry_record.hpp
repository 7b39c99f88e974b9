// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pacing.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace fsshare {

/// How the tries of one kind of order went: what failed last, how often in a
/// row, and when the next try may be. Each kind has a record of its own, so
/// that the success of one says nothing about another.
class retry_record {
public:
  using time_point = std::chrono::steady_clock::time_point;

  retry_record(const backoff_range& waits, std::uint32_t seed)
    : delays_(waits, seed) {
  }

  void failed(error why, time_point now) {
    why_ = std::move(why);
    at_ = now + delays_.next();
  }
  void succeeded() {
    why_.reset();
    at_.reset();
    delays_.reset();
  }
  /// The next try need not wait; the failures still count.
  void retry_now() {
    at_.reset();
  }

  bool is_due(time_point now) const {
    return !at_ || *at_ <= now;
  }
  /// When the next try is due; nothing if it need not wait.
  const std::optional<time_point>& due_at() const {
    return at_;
  }
  /// Null after a success.
  const error* why() const {
    return why_ ? &*why_ : nullptr;
  }
  unsigned failures() const {
    return delays_.failures();
  }

private:
  backoff delays_;
  std::optional<time_point> at_;
  std::optional<error> why_;
};

} // namespace fsshare
