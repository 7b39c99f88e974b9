// SPDX-License-Identifier: Apache-2.0
#include "core/share/orphans.hpp"

#include <algorithm>

namespace fsshare {

sorted_entries sort_entries(const marked_entries& seen,
                            const std::set<std::string>& known) {
  // A sandbox may have left both marks.
  std::set<std::string> orphans;
  std::set<std::string> foreign;
  sorted_entries out;
  for (const auto& each : seen.entries) {
    if (each.owner == entry_owner::unclear)
      out.unclear.push_back({each.name, each.reason});
    else if (each.owner == entry_owner::foreign)
      foreign.insert(each.name);
    else if (!known.contains(each.name))
      orphans.insert(each.name);
  }
  for (const auto& id : seen.copy_marks)
    if (!known.contains(id))
      orphans.insert(id);
  out.orphans.assign(orphans.begin(), orphans.end());
  out.foreign.assign(foreign.begin(), foreign.end());
  return out;
}

collect_orphans_reply orphans_asked_for(const collect_orphans_request& request,
                                        const sorted_entries& sorted,
                                        const std::string& share_root) {
  const auto most = request.remove ? most_orphans_removed : most_orphans_listed;
  collect_orphans_reply out;
  for (const auto& id : sorted.orphans) {
    if (id <= request.orphans_after
        || (!request.sandbox_id.empty() && request.sandbox_id != id))
      continue;
    if (out.orphans.size() < most)
      out.orphans.push_back({id, false, {}, {}});
    else
      ++out.orphans_more;
  }
  if (!request.orphans_after.empty() || !request.sandbox_id.empty())
    return out;
  for (const auto& name : sorted.foreign)
    out.foreign.push_back({join(share_root, name), "it bears no mark of ours"});
  for (const auto& [name, reason] : sorted.unclear)
    out.foreign.push_back({join(share_root, name), reason});
  return out;
}

std::vector<std::string> told_by_asides(const sorted_entries& sorted) {
  auto out = sorted.orphans;
  for (const auto& each : sorted.unclear)
    out.push_back(each.path);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<aside_file> sort_asides(const std::vector<std::string>& aside,
                                    const std::vector<std::string>& told) {
  std::vector<aside_file> out;
  for (const auto& id : aside) {
    const bool is_needed = std::binary_search(told.begin(), told.end(), id);
    out.push_back(
      {id, false,
       is_needed ? "it tells of sandbox '" + id + "', which is there" : ""});
  }
  return out;
}

} // namespace fsshare
