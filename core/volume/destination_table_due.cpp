// SPDX-License-Identifier: Apache-2.0
#include "core/earlier.hpp"
#include "core/pacing.hpp"
#include "core/text/duration_text.hpp"
#include "core/volume/destination_table.hpp"

namespace fsshare {

namespace {

// Whether nobody knows what the host has: a comparison has no answer.
bool is_silent(const host_volume& host,
               std::chrono::steady_clock::time_point now) {
  return host.asked_at() && now - *host.asked_at() > pacing::silent_host;
}

std::string reason_of(const host_volume& host) {
  const auto& watch = host.watch_error();
  const auto& read = host.last_error();
  if (watch && read)
    return watch->message + "; " + read->message;
  if (watch)
    return watch->message;
  return read ? read->message : std::string{};
}

std::string no_answer(const std::string& path, const host_volume& host,
                      std::chrono::steady_clock::time_point now) {
  const auto since
    = std::chrono::floor<std::chrono::seconds>(now - *host.asked_at());
  return "look at " + path + ": no answer for " + format_duration(since);
}

} // namespace

void destination_table::set_due(const std::string& path, volume& v) {
  auto due = v.host.next_due();
  for (const auto& entry : v.destinations) {
    const auto& d = entry.second;
    due = earlier(due, d.copy.next_due());
    if (const auto* end = d.end())
      due = earlier(due, std::optional{end->by});
  }
  if (due == v.due)
    return;
  if (v.due)
    due_.erase({*v.due, path});
  v.due = due;
  if (due)
    due_.emplace(*due, path);
}

std::optional<destination_table::time_point>
destination_table::next_due() const {
  auto due = sweep_at_;
  if (sweep_)
    due = earlier(due, std::optional{sweep_->next_at});
  if (!due_.empty())
    due = earlier(due, std::optional{due_.begin()->first});
  return due;
}

std::vector<volume_status>
destination_table::describe(const std::string& sandbox_id,
                            time_point now) const {
  std::vector<volume_status> all;
  if (sandbox_id.empty())
    for (const auto& entry : volumes_)
      describe(entry.first, sandbox_id, now, all);
  else
    for (const auto& path : paths_of(sandbox_id))
      describe(path, sandbox_id, now, all);
  return all;
}

void destination_table::describe(const std::string& path,
                                 const std::string& sandbox_id, time_point now,
                                 std::vector<volume_status>& into) const {
  const auto& v = volumes_.at(path);
  volume_status shown;
  shown.path = path;
  shown.watched = v.host.is_watched();
  shown.snapshots = v.host.reads();
  if (v.host.current())
    shown.host_generation = v.host.current()->name;
  shown.reason = reason_of(v.host);
  if (shown.reason.empty() && is_silent(v.host, now))
    shown.reason = no_answer(path, v.host, now);
  for (const auto& [id, d] : v.destinations)
    if (sandbox_id.empty() || d.spec.sandbox_id == sandbox_id)
      shown.destinations.push_back(describe(id, d, v, now));
  if (!shown.destinations.empty())
    into.push_back(std::move(shown));
}

std::optional<unsigned> destination_table::failures(destination_id id) const {
  const auto path = volume_of_.find(id);
  if (path == volume_of_.end())
    return std::nullopt;
  return volumes_.at(path->second).destinations.at(id).copy.failures();
}

destination_status destination_table::describe(destination_id id,
                                               const destination& d,
                                               const volume& v,
                                               time_point now) const {
  destination_status one;
  one.order = id;
  one.sandbox_id = d.spec.sandbox_id;
  one.container_id = d.spec.container_id;
  one.share_id = d.spec.share_id;
  one.guest_path = d.spec.guest_root;
  one.guest_generation = d.copy.live_name();
  const bool unread = v.host.unread_since().has_value();
  const bool silent = is_silent(v.host, now);
  one.current = v.host.current() && !unread && !silent
                && d.guest == guest_view::known
                && d.copy.acknowledged() == v.host.current() && d.copy.whole();
  if (d.stale_since && !one.current)
    one.stale_for = now - *d.stale_since;
  else if (silent)
    one.stale_for = now - *v.host.asked_at();
  one.last_lag = d.last_lag;
  if (const auto* why = d.copy.last_error())
    one.reason = why->message;
  else if (!one.current)
    one.reason = why_stale(d, v, now);
  one.failures = d.copy.failures();
  one.pushes = d.copy.pushes();
  one.skipped = d.copy.skipped();
  one.leftovers = d.copy.all_leftovers();
  one.not_removable = d.copy.not_removable();
  one.kept_generations = d.copy.kept();
  return one;
}

// Why a copy is not current, whatever the moment; nothing has failed.
std::string destination_table::why_stale(const destination& d, const volume& v,
                                         time_point now) const {
  if (v.host.unread_since() && v.host.last_error())
    return v.host.last_error()->message;
  if (is_silent(v.host, now))
    return no_answer(d.spec.volume, v.host, now);
  if (d.guest == guest_view::unsure)
    return "the connection to the guest agent has ended; what the guest has is "
           "not known until it is reached again";
  if (!v.host.current() || v.host.unread_since()) {
    const auto why = reason_of(v.host);
    return why.empty() ? "the volume is being read" : why;
  }
  if (!follows(d))
    return "rotations are not followed for this sandbox";
  return d.copy.activity();
}

} // namespace fsshare
