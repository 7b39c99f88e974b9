// SPDX-License-Identifier: Apache-2.0
#include "json/status_json.hpp"

#include "core/text/labels.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace fsshare {

namespace {

using nlohmann::json;

constexpr std::size_t most_skipped = 20;

/// Names on a filesystem need not be UTF-8.
std::string text_of(const json& what) {
  return what.dump(-1, ' ', false, json::error_handler_t::replace);
}

double seconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>{time}.count();
}

json skipped_json(const skipped_list& skipped) {
  auto out = json::array();
  for (const auto& each : skipped) {
    if (out.size() == most_skipped)
      break;
    out.push_back({{"path", each.path}, {"reason", each.reason}});
  }
  return out;
}

/// As `namespace/name`; empty where nobody has told it.
std::string words_for(const pod_name& pod) {
  return pod.name.empty() || pod.space.empty() ? pod.name
                                               : pod.space + "/" + pod.name;
}

json copy_json(const destination_status& of) {
  const auto skipped = skipped_json(of.skipped);
  json out{{"sandbox", of.sandbox_id},
           {"pod", of.labels ? words_for(pod_of(*of.labels)) : std::string{}},
           {"container",
            of.container_name.empty() ? of.container_id : of.container_name},
           {"share", of.share_id},
           {"guest_path", of.guest_path},
           {"generation", of.guest_generation},
           {"current", of.current},
           {"stale_seconds", seconds_of(of.stale_for)},
           {"lag_seconds", seconds_of(of.last_lag)},
           {"reason", of.reason},
           {"failures", of.failures},
           {"pushes", of.pushes},
           {"skipped", skipped},
           {"skipped_more", of.skipped.size() - skipped.size()},
           {"not_removable", of.not_removable.size() + of.not_removable_more},
           {"done", of.progress.entries_done},
           {"total", of.progress.entries_total}};
  if (of.next_try)
    out["next_try_seconds"] = seconds_of(*of.next_try);
  return out;
}

json volume_json(const volume_status& of) {
  auto copies = json::array();
  for (const auto& each : of.destinations)
    copies.push_back(copy_json(each));
  return {{"path", of.path},
          {"generation", of.host_generation},
          {"watched", of.watched},
          {"reason", of.reason},
          {"copies", std::move(copies)},
          {"copies_more", of.destinations_more}};
}

const char* word_of(owner_status::state state) {
  switch (state) {
  case owner_status::state::unknown: return "unknown";
  case owner_status::state::nobody: return "nobody";
  case owner_status::state::alive: return "alive";
  case owner_status::state::gone: return "gone";
  }
  return "unknown";
}

json sandbox_json(const sandbox_status& of) {
  json out{{"sandbox", of.sandbox_id},
           {"pod", words_for(pod_of(of.labels))},
           {"mode", to_string(of.mode)},
           {"guest_version", of.guest_agent_version},
           {"guest_connected", of.guest_connected},
           {"watcher_running", of.watcher_running},
           {"containers", of.containers},
           {"shares", of.shares},
           {"held_bytes", of.held_bytes},
           {"held_limit_bytes", of.held_limit_bytes},
           {"leftovers", of.leftovers.listed.size() + of.leftovers.more},
           {"hung_reads", of.hung_reads.size()},
           {"unrecorded", of.unrecorded}};
  if (of.owner)
    out["owner"] = {{"is", word_of(of.owner->is)},
                    {"pid", of.owner->pid},
                    {"gone_seconds", seconds_of(of.owner->gone_for)},
                    {"reason", of.owner->reason}};
  return out;
}

} // namespace

std::string render_volumes(const std::vector<volume_status>& volumes,
                           const std::string& next) {
  auto listed = json::array();
  for (const auto& each : volumes)
    listed.push_back(volume_json(each));
  return text_of({{"volumes", std::move(listed)}, {"next", next}});
}

std::string render_sandboxes(const list_sandboxes_reply& sandboxes,
                             std::size_t most) {
  const auto& all = sandboxes.sandboxes;
  const auto count = std::min(all.size(), most);
  auto listed = json::array();
  for (std::size_t i = 0; i < count; ++i)
    listed.push_back(sandbox_json(all[i]));
  const auto more = all.size() - count + sandboxes.more;
  return text_of({{"sandboxes", std::move(listed)},
                  {"more", more},
                  {"next", more > 0 && count > 0 ? all[count - 1].sandbox_id
                                                 : std::string{}}});
}

std::string render_events(const std::vector<kept_event>& events) {
  auto listed = json::array();
  for (const auto& each : events) {
    const auto& what = each.what;
    const auto& known = entry_of(what.id);
    listed.push_back({{"number", each.number},
                      {"at_seconds", seconds_of(each.at.time_since_epoch())},
                      {"event", known.name},
                      {"sandbox", what.sandbox_id},
                      {"container", what.container_id},
                      {"share", what.share_id},
                      {"volume", what.volume},
                      {"generation", what.generation},
                      {"sentence", sentence(what)},
                      {"trouble", known.is_trouble}});
  }
  return text_of({{"events", std::move(listed)}});
}

} // namespace fsshare
