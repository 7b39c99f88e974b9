// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/metrics/known_metrics.hpp"
#include "core/metrics/metric_set.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstdint>

namespace fsshare {

/// What has become of the requests to a guest agent, or to many of them. Plain
/// numbers: there is one for each guest, and it counts each request.
struct guest_counters {
  std::uint64_t ok = 0;
  /// By the guest's policy.
  std::uint64_t denied = 0;
  std::uint64_t failed = 0;
  /// The connection ended before the answer.
  std::uint64_t unanswered = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t connections = 0;
  histogram round_trips{round_trip_bounds};

  /// Counts an answer.
  /// @param after Since the request was sent.
  void answered(errc code, std::chrono::nanoseconds after);

  guest_counters& operator+=(const guest_counters& other);
};

/// How a guest is at one moment.
struct guest_measure {
  guest_counters counted;
  bool is_connected = false;
  /// It does not answer.
  bool is_silent = false;
  std::uint64_t in_flight = 0;
  /// Memory of the guest that copies take.
  std::uint64_t held_bytes = 0;
};

/// Adds what was counted to metrics.
void add(metric_set& to, const guest_counters& counted);

} // namespace fsshare
