// SPDX-License-Identifier: Apache-2.0
#include "core/share/orphans.hpp"

namespace fsshare {

sorted_entries sort_entries(const std::vector<root_entry>& entries,
                            const std::vector<std::string>& copy_marks,
                            const std::set<std::string>& known) {
  // A sandbox may have left both marks.
  std::set<std::string> orphans;
  std::set<std::string> foreign;
  sorted_entries out;
  for (const auto& each : entries) {
    if (each.owner == entry_owner::unclear)
      out.unclear.push_back({each.name, each.reason});
    else if (each.owner == entry_owner::foreign)
      foreign.insert(each.name);
    else if (!known.contains(each.name))
      orphans.insert(each.name);
  }
  for (const auto& id : copy_marks)
    if (!known.contains(id))
      orphans.insert(id);
  out.orphans.assign(orphans.begin(), orphans.end());
  out.foreign.assign(foreign.begin(), foreign.end());
  return out;
}

} // namespace fsshare
