// SPDX-License-Identifier: Apache-2.0
#include "core/volume/destination_table.hpp"

namespace fsshare {

std::map<std::string, std::vector<destination_id>>
destination_table::copies_of(const std::string& sandbox_id) const {
  std::map<std::string, std::vector<destination_id>> out;
  const auto i = of_sandbox_.find(sandbox_id);
  if (i != of_sandbox_.end())
    for (const auto& [path, ids] : i->second.volumes)
      out.emplace_hint(out.end(), path,
                       std::vector<destination_id>{ids.begin(), ids.end()});
  return out;
}

void destination_table::forget_sandbox(const std::string& sandbox_id) {
  for (const auto& [path, ids] : copies_of(sandbox_id)) {
    auto& v = volumes_.at(path);
    for (const auto id : ids) {
      auto& d = v.destinations.at(id);
      const error why{errc::aborted, "copy " + path + " to " + d.spec.guest_root
                                       + ": the sandbox was cleaned up"};
      if (d.is<making>() || d.is<failing>())
        actions_.emplace_back(first_copy_outcome{id, why});
      if (d.is<removing>())
        actions_.emplace_back(destination_left{id, {}});
      fail_waiting(d, why);
      drop(id, v);
    }
    touch(path);
  }
  not_following_.erase(sandbox_id);
}

void destination_table::stop_following(const std::string& sandbox_id) {
  not_following_.insert(sandbox_id);
  tell_copies(sandbox_id, [](destination&) {});
}

void destination_table::start_following(const std::string& sandbox_id,
                                        time_point now) {
  if (not_following_.erase(sandbox_id) == 0)
    return;
  for (const auto& [path, ids] : copies_of(sandbox_id))
    volumes_.at(path).host.hint(volume_hint::compare_closely, now);
  tell_copies(sandbox_id, [](destination&) {});
}

void destination_table::tell_copies(
  const std::string& sandbox_id,
  const std::function<void(destination&)>& what) {
  const auto i = of_sandbox_.find(sandbox_id);
  if (i == of_sandbox_.end())
    return;
  for (const auto& [path, ids] : i->second.volumes) {
    auto& v = volumes_.at(path);
    for (const auto id : ids) {
      what(v.destinations.at(id));
      v.agenda.touch(id);
    }
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
