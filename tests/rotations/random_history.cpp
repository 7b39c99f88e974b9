// SPDX-License-Identifier: Apache-2.0
#include "tests/rotations/random_history.hpp"

#include <array>

namespace fsshare::test {

namespace {

struct kind_info {
  const char* name;
  /// How often it is drawn.
  std::uint32_t weight;
};

// By event_kind.
constexpr std::array<kind_info, event_kinds> kinds{{
  {"rotate", 24},       {"rotate_in_part", 8}, {"go_on", 6},
  {"sync", 4},          {"refused_name", 2},   {"add", 14},
  {"remove", 6},        {"hang", 3},           {"unhang", 6},
  {"refuse", 2},        {"accept", 4},         {"slow", 2},
  {"quick", 2},         {"faults", 6},         {"no_faults", 5},
  {"lose_events", 5},   {"overflow", 4},       {"stop_watcher", 2},
  {"start_watcher", 4}, {"pass", 14},          {"jump", 4},
  {"run", 30},
}};

event_kind draw_kind(chooser& choose) {
  std::size_t total = 0;
  for (const auto& kind : kinds)
    total += kind.weight;
  auto at = choose.pick(total);
  std::size_t kind = 0;
  while (at >= kinds[kind].weight)
    at -= kinds[kind++].weight;
  return static_cast<event_kind>(kind);
}

} // namespace

history draw_history(chooser& choose) {
  history events{{event_kind::add, 0, 0}};
  for (auto left = 10 + choose.pick(20); left > 0; --left)
    events.push_back({draw_kind(choose),
                      static_cast<std::uint32_t>(choose.pick(1U << 16U)),
                      static_cast<std::uint32_t>(choose.pick(1U << 16U))});
  return events;
}

std::string to_string(const history& events) {
  std::string text;
  for (const auto& event : events)
    text += std::string{"  "} + kinds[static_cast<std::size_t>(event.kind)].name
            + ' ' + std::to_string(event.which) + ' '
            + std::to_string(event.number) + '\n';
  return text;
}

} // namespace fsshare::test
