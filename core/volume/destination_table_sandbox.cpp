// SPDX-License-Identifier: Apache-2.0
#include "core/volume/destination_table.hpp"

namespace fsshare {

std::set<std::string>
destination_table::paths_of(const std::string& sandbox_id) const {
  std::set<std::string> out;
  const auto i = of_sandbox_.find(sandbox_id);
  if (i != of_sandbox_.end())
    for (const auto& entry : i->second.volumes)
      out.insert(out.end(), entry.first);
  return out;
}

void destination_table::forget_sandbox(const std::string& sandbox_id) {
  for (const auto& path : paths_of(sandbox_id)) {
    auto& v = volumes_.at(path);
    for (auto i = v.destinations.begin(); i != v.destinations.end();) {
      auto& [id, d] = *i;
      if (d.spec.sandbox_id != sandbox_id) {
        ++i;
        continue;
      }
      if (d.is<making>() || d.is<failing>())
        actions_.emplace_back(first_copy_outcome{
          id, error{errc::aborted, "copy " + path + " to " + d.spec.guest_root
                                     + ": the sandbox was cleaned up"}});
      if (d.is<removing>())
        actions_.emplace_back(destination_left{id, {}});
      fail_waiting(d,
                   {errc::aborted, "copy " + path + " to " + d.spec.guest_root
                                     + ": the sandbox was cleaned up"});
      forget(id, d);
      i = v.destinations.erase(i);
      touch(path);
    }
  }
  not_following_.erase(sandbox_id);
}

void destination_table::stop_following(const std::string& sandbox_id) {
  not_following_.insert(sandbox_id);
}

void destination_table::start_following(const std::string& sandbox_id,
                                        time_point now) {
  if (not_following_.erase(sandbox_id) == 0)
    return;
  for (const auto& path : paths_of(sandbox_id))
    hint(path, volume_hint::compare_closely, now);
}

void destination_table::tell_copies(
  const std::string& sandbox_id,
  const std::function<void(destination&)>& what) {
  const auto i = of_sandbox_.find(sandbox_id);
  if (i == of_sandbox_.end())
    return;
  for (const auto& [path, ids] : i->second.volumes) {
    for (const auto id : ids)
      what(volumes_.at(path).destinations.at(id));
    touch(path);
  }
}

void destination_table::guest_up(const std::string& sandbox_id,
                                 time_point now) {
  tell_copies(sandbox_id, [now](destination& d) {
    d.guest = guest_view::known;
    d.copy.retry_now(now);
  });
}

void destination_table::guest_empty(const std::string& sandbox_id,
                                    time_point now) {
  tell_copies(sandbox_id, [now](destination& d) {
    d.guest = guest_view::known;
    d.copy.guest_is_empty(now);
  });
}

void destination_table::guest_lost(const std::string& sandbox_id) {
  tell_copies(sandbox_id, [](destination& d) {
    d.guest = guest_view::unsure;
  });
}

} // namespace fsshare
