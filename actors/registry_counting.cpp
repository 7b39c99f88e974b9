// SPDX-License-Identifier: Apache-2.0
#include "actors/registry.hpp"
#include "core/metrics/at_zero.hpp"
#include "core/volume/volume_shape.hpp"

#include <chrono>
#include <string>

namespace fsshare {

namespace {

/// One of few words, whatever a path has.
const char* type_of(const std::string& volume) {
  using enum volume_kind;
  const auto plugin = plugin_of(volume);
  for (const auto kind : {configmap, secret, projected, downward_api, csi})
    if (plugin == to_string(kind))
      return to_string(kind);
  return "other";
}

const char* result_of(const order_outcome& outcome) {
  if (outcome.complete)
    return "ok";
  if (outcome.cause == stop_cause::superseded)
    return "superseded";
  if (outcome.cause != stop_cause::failed)
    return "interrupted";
  return outcome.err.code == errc::permission_denied ? "denied" : "failed";
}

/// Of what the registry counts.
metric_set counters_at_zero() {
  auto all = at_zero({{"kata_fsshare_push_retries_total", {}}});
  for (const char* order : {"push", "repair", "removal"})
    for (const char* result :
         {"ok", "denied", "failed", "interrupted", "superseded"})
      all.add("kata_fsshare_orders_total", 0, {order, result});
  return all;
}

} // namespace

const char* registry_state::word_of(const guest_order& order) {
  if (std::holds_alternative<push_order>(order))
    return "push";
  return std::holds_alternative<removal_order>(order) ? "removal" : "repair";
}

void registry_state::count(const char* order, const order_outcome& outcome) {
  counted_.add("kata_fsshare_orders_total", 1, {order, result_of(outcome)});
}

void registry_state::count_lag(const generation_live& live) {
  if (!live.is_first)
    counted_.observe("kata_fsshare_propagation_lag_seconds", live.lag,
                     {type_of(live.volume)});
}

metrics_part registry_state::measure() const {
  const auto counts = table_.count(now());
  metrics_part out{counted_};
  out.metrics.add(counters_at_zero());
  const auto add
    = [&out](metric which, std::size_t number, const char* state = "") {
        out.metrics.add(which, static_cast<double>(number), {state});
      };
  add("kata_fsshare_destinations", counts.current, "current");
  add("kata_fsshare_destinations", counts.stale, "stale");
  add("kata_fsshare_destinations", counts.first, "first");
  add("kata_fsshare_volumes", counts.watched, "watched");
  add("kata_fsshare_volumes", counts.polled, "polled");
  add("kata_fsshare_volumes", counts.missing, "missing");
  add("kata_fsshare_volumes", counts.unread, "unread");
  add("kata_fsshare_skipped_entries", counts.skipped);
  out.metrics.add("kata_fsshare_stale_seconds_max",
                  std::chrono::duration<double>{counts.longest_stale}.count());
  return out;
}

} // namespace fsshare
