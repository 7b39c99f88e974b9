#include "core/destination_table.hpp"

#include <algorithm>

namespace fsshare {

namespace {

using time_point = destination_table::time_point;

std::optional<time_point> earlier(std::optional<time_point> x,
                                  std::optional<time_point> y) {
  if (x && y)
    return std::min(*x, *y);
  return x ? x : y;
}

} // namespace

void destination_table::set_due(const std::string& path, volume& v) {
  auto due = v.host.next_due();
  for (const auto& entry : v.destinations) {
    const auto& d = entry.second;
    if (follows(d))
      due = earlier(due, d.copy.next_due());
    due = earlier(due, d.leave_by);
  }
  if (due == v.due)
    return;
  if (v.due)
    due_.erase({*v.due, path});
  v.due = due;
  if (due)
    due_.emplace(*due, path);
}

std::optional<time_point> destination_table::next_due() const {
  auto due = sweep_at_;
  if (!due_.empty())
    due = earlier(due, due_.begin()->first);
  return due;
}

std::vector<volume_status>
destination_table::describe(const std::string& sandbox_id,
                            time_point now) const {
  std::vector<volume_status> all;
  for (const auto& [path, v] : volumes_) {
    volume_status shown;
    shown.path = path;
    shown.watched = v.host.is_watched();
    shown.snapshots = v.host.reads();
    if (v.host.current())
      shown.host_generation = v.host.current()->name;
    if (v.host.last_error())
      shown.reason = v.host.last_error()->message;
    for (const auto& entry : v.destinations) {
      const auto& d = entry.second;
      if (!sandbox_id.empty() && d.spec.sandbox_id != sandbox_id)
        continue;
      destination_status one;
      one.sandbox_id = d.spec.sandbox_id;
      one.container_id = d.spec.container_id;
      one.share_id = d.spec.share_id;
      one.guest_path = d.spec.guest_root;
      one.guest_generation = d.copy.live_name();
      one.current
        = v.host.current() && d.copy.acknowledged() == v.host.current();
      if (d.stale_since && !one.current)
        one.stale_for = now - *d.stale_since;
      one.last_lag = d.last_lag;
      if (d.copy.last_error())
        one.reason = d.copy.last_error()->message;
      one.failures = d.copy.failures();
      one.pushes = d.copy.pushes();
      one.skipped = d.copy.skipped();
      one.not_removable = d.copy.not_removable();
      shown.destinations.push_back(std::move(one));
    }
    if (!shown.destinations.empty())
      all.push_back(std::move(shown));
  }
  return all;
}

} // namespace fsshare
