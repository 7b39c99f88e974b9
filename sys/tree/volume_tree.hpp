// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"
#include "core/result.hpp"
#include "sys/tree/dir_walk.hpp"

#include <cstdint>
#include <string>

namespace fsshare {

/// Reads what a volume publishes at this moment, contents included.
///
/// Blocks on the disk. Nothing below the volume is followed: neither symlinks
/// nor mount points.
/// @param volume_path directory that holds `..data`.
/// @param between called between any two file system operations; for tests.
/// @param memory If volume_snapshot::memory_bytes() of what is returned is
/// more,
///        contents may have been left out.
/// @returns `errc::aborted` when the generation was replaced or changed while
///          it was read: try again after a while;
///          `errc::failed_precondition` when `..data` is missing, no symlink or
///          leads anywhere but to a `..` name beside it;
///          `errc::resource_exhausted` with the numbers when a limit is passed;
///          `errc::not_found` when there is no such directory.
result<volume_snapshot_ptr> load_generation(const std::string& volume_path,
                                            const read_limits& limits,
                                            const checkpoint& between = {},
                                            std::uint64_t memory = any_memory);

/// Reads what load_generation() would return as volume_snapshot::id, without
/// the contents. Fails as that does.
result<generation> load_generation_id(const std::string& volume_path,
                                      const read_limits& limits,
                                      const checkpoint& between = {});

/// Whether what `..data` names has to be there.
enum class dangling_data : std::uint8_t { accept, refuse };

/// Reads what `..data` of a volume names: one or two system calls after the
/// volume was opened. Fails as load_generation() does before it reads the tree.
result<std::string> load_generation_name(const std::string& volume_path,
                                         dangling_data dangling
                                         = dangling_data::accept);

/// What load_tree() may be told.
struct tree_options {
  mount_crossing mounts = mount_crossing::skip;
  /// Ends it ABORTED; see dir_walk::options.
  stop_flag stop = nullptr;
  /// Leaves out what is of a volume that must not be copied; null for none.
  volume_judge* judge = nullptr;
  /// Of the root alone, as if it had nothing in it.
  bool is_emptied = false;
};

/// Reads names, types, modes, owners and sizes of a tree; its contents are read
/// by open_chunk_source() as they are sent.
///
/// The root may be a directory, a file or a symlink, which is not followed.
/// Entries that vanish meanwhile are left out. Sockets, FIFOs, devices (the
/// root too), mount points below the root and what cannot be read are skipped
/// with the reason.
/// @returns `errc::resource_exhausted` with the numbers when a limit is passed,
///          `errc::permission_denied` when the judge denies the root, else what
///          the kernel said of the root.
result<tree_snapshot_ptr> load_tree(const std::string& path,
                                    const read_limits& limits,
                                    const tree_options& options = {},
                                    const checkpoint& between = {});

} // namespace fsshare
