// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/mountinfo.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fsshare {

/// All names that a directory or file, and what lies below it in its mount, has
/// in a mount table, so that a bind of a volume is known for one.
class place_names {
public:
  /// @param fd open in the caller's mount namespace; O_PATH is enough.
  /// @param shown its path, for when the kernel does not tell a better one.
  place_names(int fd, const std::string& shown,
              const std::vector<mounted_entry>& table);

  /// Returns the names of `path` (relative; empty for the place itself).
  std::vector<std::string> of(std::string_view path) const;

private:
  /// A mount of what lies below the place.
  struct inner_mount {
    /// Relative to the place.
    std::string path;
    std::string mount_point;
  };

  /// Of the place itself.
  std::vector<std::string> names_;
  std::vector<inner_mount> inner_;
};

} // namespace fsshare
