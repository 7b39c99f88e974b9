// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace fsshare::bench {

/// How far away the guest is, and what a request costs it.
struct guest_kind {
  /// As fsshare-guest takes it: `1ms`.
  std::string round_trip = "0ms";
  /// CPU time of each request beside its work.
  std::string service_time = "0ms";
  unsigned workers = 2;
};

/// The guest agent itself, release build, on one virtual CPU: 0.15 ms for a
/// request of any kind.
inline guest_kind like_real_agent(std::string round_trip) {
  return {std::move(round_trip), "150us", 1};
}

/// Returns the options of fsshare-guest.
inline std::vector<std::string> options_of(const guest_kind& kind) {
  return {"--delay",         kind.round_trip, "--service-time",
          kind.service_time, "--workers",     std::to_string(kind.workers)};
}

} // namespace fsshare::bench
