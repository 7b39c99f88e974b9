// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

/// An emptyDir as it is on the host.
struct empty_dir_look {
  /// It has nothing in it.
  bool is_empty = false;
  /// See fs_group_of().
  std::uint32_t fs_group = 0;

  friend bool operator==(const empty_dir_look&, const empty_dir_look&)
    = default;
};

/// Returns the pod's fsGroup, as the kubelet has given it to the root of an
/// emptyDir: another group than root's, that may write there and is handed on
/// to what is made there. 0 for none.
/// @param mode st_mode; `gid` the group.
std::uint32_t fs_group_of(std::uint32_t mode, std::uint32_t gid) noexcept;

} // namespace fsshare
