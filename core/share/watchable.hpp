// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/copy/tree_snapshot.hpp"
#include "core/share/share_layout.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Inotify sees nothing of what the host changes on a shared filesystem. For
/// small ConfigMap and Secret volumes guest agents therefore keep a copy of
/// their own up to date and mount that (`watchable-bind`; src/watcher.rs of the
/// kata-agent).

/// Returns whether a source (absolute, normal) lies where the kubelet puts
/// ConfigMap and Secret volumes.
bool may_be_watchable(std::string_view source);

/// Returns whether guest agents of every version take a watchable storage of a
/// share directory: from 4.1 on its place is checked (src/watcher.rs).
bool may_hold_watchable(std::string_view guest_share_dir);

/// Returns whether a guest agent keeps watching a volume, rotations included.
/// Above 16 entries or 1 MiB it gives up for good, and containers that run by
/// then can stay with what they had; while the kubelet rotates a volume both
/// generations are there, and the name `..data_tmp`.
/// @param volume The volume as it is; entries with the root.
bool fits_guest_watcher(const tree_snapshot& volume);

/// Returns the storage that makes a guest agent watch a share.
/// @param share_name From make_share_name().
/// @param options Of the container's mount.
storage watchable_storage(const share_layout& layout,
                          std::string_view share_name,
                          const std::vector<std::string>& options);

} // namespace fsshare
