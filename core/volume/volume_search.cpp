// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_search.hpp"

#include "core/text/labels.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fsshare {

bool volume_search::take(volume_page page) {
  ++pages_;
  for (auto at = page.listed.begin(); at != page.listed.end(); ++at) {
    if (copies_ >= most_.copies)
      return false;
    const auto before = at->path == after_.path ? after_.order : 0;
    after_
      = {at->path,
         at->destinations.empty() ? before : at->destinations.back().order};
    const bool is_last = std::next(at) == page.listed.end();
    is_cut_ = !is_last || page.more > 0 || at->destinations_more > 0;
    pick(std::move(*at));
  }
  if (page.listed.empty())
    is_cut_ = false;
  return is_cut_ && pages_ < most_.pages && copies_ < most_.copies;
}

bool volume_search::picks(const volume_status& v, const destination_status& d,
                          bool is_named) const {
  if (wanted_.only_stale && d.current && v.reason.empty())
    return false;
  const auto has = [this](const std::string& name) {
    return name.find(wanted_.text) != std::string::npos;
  };
  return is_named || has(d.sandbox_id) || has(d.container_id)
         || has(d.container_name)
         || (d.labels
             && (has(pod_of(*d.labels).name) || has(pod_of(*d.labels).space)));
}

void volume_search::pick(volume_status v) {
  const bool is_named = v.path.find(wanted_.text) != std::string::npos;
  std::erase_if(v.destinations, [&](const auto& d) {
    return !picks(v, d, is_named);
  });
  if (v.destinations.empty())
    return;
  copies_ += v.destinations.size();
  if (found_.empty() || found_.back().path != v.path) {
    found_.push_back(std::move(v));
    return;
  }
  auto& known = found_.back();
  std::move(v.destinations.begin(), v.destinations.end(),
            std::back_inserter(known.destinations));
  known.destinations_more = v.destinations_more;
}

} // namespace fsshare
