// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace fsshare {

/// Which directory a path leads to; two that are there at a time never have the
/// same.
struct directory_id {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const directory_id&, const directory_id&) = default;
};

/// What a volume was like when it was last compared. Nothing is to be done
/// about one that still is so.
struct known_volume {
  std::string path;
  /// The directory that is watched.
  directory_id root;
  /// What `..data` names.
  std::string generation;
};

} // namespace fsshare
