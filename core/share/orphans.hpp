// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/orphan_types.hpp"
#include "core/paths.hpp"
#include "core/share/root_entry.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace fsshare {

/// What was made for sandboxes, by the marks that there are.
struct marked_entries {
  /// What lies in the share root.
  std::vector<root_entry> entries;
  /// Ids of sandboxes by the marks of those whose guests get copies.
  std::vector<std::string> copy_marks;
};

/// The same, told by whether anybody has it.
struct sorted_entries {
  /// Sandboxes whose mark is there and that nobody knows, sorted.
  std::vector<std::string> orphans;
  /// Names of what is somebody else's, sorted.
  std::vector<std::string> foreign;
  /// Names of what cannot be told, with the reason.
  std::vector<path_reason> unclear;
};

/// Tells orphans from what is in use and from what is not ours.
/// @param known Sandboxes that a node agent knows, or will know.
sorted_entries sort_entries(const marked_entries& seen,
                            const std::set<std::string>& known);

/// How many orphans are taken away, or listed, for one request, so that its
/// answer comes soon and fits a reply.
inline constexpr std::size_t most_orphans_removed = 64;
inline constexpr std::size_t most_orphans_listed = 1000;

/// Answers a request with the orphans that it is about, none removed yet.
/// @param share_root Of the paths in the reply.
collect_orphans_reply orphans_asked_for(const collect_orphans_request& request,
                                        const sorted_entries& sorted,
                                        const std::string& share_root);

/// Returns the sandboxes of which nothing but a state file that was set aside
/// tells what they had: orphans, and what may be one. Sorted.
std::vector<std::string> told_by_asides(const sorted_entries& sorted);

/// Tells which state files that were set aside are of use.
/// @param aside Ids of their sandboxes.
/// @param told From told_by_asides().
std::vector<aside_file> sort_asides(const std::vector<std::string>& aside,
                                    const std::vector<std::string>& told);

} // namespace fsshare
