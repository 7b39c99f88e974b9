// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/events/event_filter.hpp"
#include "core/events/event_ring.hpp"
#include "core/result.hpp"

#include <chrono>
#include <string>

namespace fsshare {

struct watch_events_request {
  /// Empty for all, and for what is of no sandbox.
  std::string sandbox_id;
  /// Empty for all.
  std::string volume = {};
  /// What to_string() has made of a cursor; empty for the first that is kept.
  std::string events_after = {};
  /// Without a cursor: from now on.
  bool only_new = false;
  std::chrono::nanoseconds wait{0};
};

} // namespace fsshare
