// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/paths.hpp"
#include "core/share/root_entry.hpp"

#include <set>
#include <string>
#include <vector>

namespace fsshare {

/// What was made for sandboxes, told by whether anybody has it.
struct sorted_entries {
  /// Sandboxes whose mark is there and that nobody knows, sorted.
  std::vector<std::string> orphans;
  /// Names of what is somebody else's, sorted.
  std::vector<std::string> foreign;
  /// Names of what cannot be told, with the reason.
  std::vector<path_reason> unclear;
};

/// Tells orphans from what is in use and from what is not ours.
/// @param entries What lies in the share root.
/// @param copy_marks Ids of sandboxes by the marks of those whose guests get
///        copies.
/// @param known Sandboxes that a node agent knows.
sorted_entries sort_entries(const std::vector<root_entry>& entries,
                            const std::vector<std::string>& copy_marks,
                            const std::set<std::string>& known);

} // namespace fsshare
