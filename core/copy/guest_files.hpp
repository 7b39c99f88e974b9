// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace fsshare {

/// The regular files that may stand at and below one guest path: where the
/// guest agent removes nothing, each has to be emptied by itself.
struct guest_files {
  std::string root;
  /// Announced sizes in bytes, by path below the root; the empty path is the
  /// root itself.
  std::map<std::string, std::uint64_t> sizes;
  /// Those beside which the guest agent may write their plaintext; see
  /// is_sealed().
  std::set<std::string> sealed;

  friend bool operator==(const guest_files&, const guest_files&) = default;
};

/// Returns the files that a copy of `tree` at a guest path may make.
guest_files files_of(const tree_snapshot& tree, std::string root);

/// By their roots.
using guest_file_map = std::map<std::string, guest_files>;

/// Adds files; of one that is known the larger size counts.
/// @returns whether anything is new.
bool add_files(guest_file_map& to, const guest_files& more);

/// Forgets what is at and below a path.
/// @returns whether anything was.
bool forget_files(guest_file_map& of, const std::string& path);

} // namespace fsshare
