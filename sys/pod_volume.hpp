// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/pod_volume_part.hpp"

#include <optional>
#include <string>

namespace fsshare {

/// Returns `path` with all symlinks resolved (realpath(3)); as it is where that
/// fails. Blocks on the disk.
std::string resolved_path(const std::string& path);

/// Returns the plugin of the pod's volume that `path` is or lies in, whichever
/// symlinks lead there; for the source of a subPath mount that of the volume
/// whose part it is. Empty if it is in none. Blocks on the disk.
/// @param resolved what resolved_path() says of `path`.
std::string find_plugin(const std::string& path, const std::string& resolved);

/// Returns the emptyDir that `resolved` is or lies in, and where in it. For the
/// source of a subPath mount, of which each container has a bind of its own
/// somewhere else, the mount table says which directory it is, and device and
/// inode have to agree. Nothing for other paths, or where that cannot be told.
/// Blocks on the disk.
std::optional<pod_volume_part> find_empty_dir(const std::string& resolved);

/// Returns whether there is a directory at `path`; symlinks are none.
bool is_directory_at(const std::string& path);

} // namespace fsshare
