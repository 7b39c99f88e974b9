// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// What a host tree has that its copy has not, since guest agents take no more
/// than types, modes, owners, contents and targets. Numbers of entries.
struct copy_losses {
  /// Times: every entry has some.
  std::uint64_t times = 0;
  /// Extended attributes, but for those that follow.
  std::uint64_t attributes = 0;
  std::uint64_t access_lists = 0;
  std::uint64_t capabilities = 0;
  /// Files with further names, in the tree or elsewhere: each name becomes a
  /// file of its own.
  std::uint64_t hard_links = 0;
  /// Links that lead out of the tree, to something else in the guest or to
  /// nothing. They are sent as they are.
  std::uint64_t outward_links = 0;

  copy_losses& operator+=(const copy_losses& other);

  friend bool operator==(const copy_losses&, const copy_losses&) = default;
};

/// Counts the extended attribute `name` of an entry. Labels of SELinux, which
/// are the node's own, are none; see listxattr(2), capabilities(7), acl(5).
void count_attribute(copy_losses& of_entry, std::string_view name);

/// Returns whether a link at `path` (relative to its tree) leads out of that
/// tree. Links on the way are not followed.
bool leads_out(std::string_view path, std::string_view target);

/// Returns the sentences for the user; none where nothing is lost.
std::vector<std::string> notes_of(const copy_losses& losses);

} // namespace fsshare
