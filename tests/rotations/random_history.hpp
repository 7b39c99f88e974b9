// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/actor_fixture.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare::test {

/// What can happen to a node in one moment of a history.
enum class event_kind : std::uint8_t {
  /// A kubelet writes new files, from the first step to the last.
  rotate,
  /// The same, up to a step: whatever is left waits for `go_on`, or is never
  /// done if the kubelet writes again.
  rotate_in_part,
  go_on,
  /// A kubelet writes the files that are there: owners only.
  sync,
  /// A file with a name that no kubelet takes.
  refused_name,
  add,
  remove,
  hang,
  unhang,
  refuse,
  accept,
  slow,
  quick,
  /// Requests fail, and connections end.
  faults,
  no_faults,
  lose_events,
  overflow,
  stop_watcher,
  start_watcher,
  /// Time passes in small steps, or all at once.
  pass,
  jump,
  /// Anything that can happen without time happens, so many times.
  run,
};
constexpr std::size_t event_kinds = 22;

/// One event; what the numbers choose depends on the kind.
struct history_event {
  event_kind kind = event_kind::run;
  std::uint32_t which = 0;
  std::uint32_t number = 0;
};

using history = std::vector<history_event>;

/// Draws a history.
history draw_history(chooser& choose);

std::string to_string(const history& events);

} // namespace fsshare::test
