// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/volume/empty_dir.hpp"
#include "core/volume/pod_volume_part.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace fsshare {

/// Returns `path` with all symlinks resolved (realpath(3)); as it is where that
/// fails. Blocks on the disk.
std::string resolved_path(const std::string& path);

/// Returns the plugin of the pod's volume that `path` is or lies in, whichever
/// symlinks lead there; for the source of a subPath mount that of the volume
/// whose part it is. `image_volume_plugin` for what lies in an image volume.
/// Empty if it is in none. Blocks on the disk.
/// @param resolved what resolved_path() says of `path`.
std::string find_plugin(const std::string& path, const std::string& resolved);

/// Returns the emptyDir that `resolved` is or lies in, and where in it. For the
/// source of a subPath mount, of which each container has a bind of its own
/// somewhere else, the mount table says which directory it is, and device and
/// inode have to agree. Nothing for other paths, or where that cannot be told.
/// Blocks on the disk.
std::optional<pod_volume_part> find_empty_dir(const std::string& resolved);

/// Looks at the root of an emptyDir. One that cannot be looked at counts as not
/// empty: whoever reads it says why. Blocks on the disk.
empty_dir_look look_at_empty_dir(const std::string& volume);

/// What stands at the source of a copy.
struct looked_at_source {
  /// The path that was given, or the one that a symlink there leads to.
  std::string path;
  /// Opened with O_PATH.
  unique_fd handle;
  bool is_directory = false;
  /// A file with more than one name.
  bool is_linked = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

/// Looks at a source; a symlink there is followed, as for a bind mount. Blocks
/// for as long as its filesystem does not answer.
/// @returns what the kernel said, as a sentence.
result<looked_at_source> look_at_source(const std::string& path);

} // namespace fsshare
