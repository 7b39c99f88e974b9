// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mount/mount_paths.hpp"
#include "sys/mount/mount_places.hpp"
#include "sys/mount/places_at_issue.hpp"
#include "sys/mount_identity.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

/// How a source lies to the share root, by whatever path or bind mount.
enum class source_place : std::uint8_t {
  apart,
  /// A share of it would show the share root, with every sandbox in it.
  holds_share_root,
  /// It is a sandbox's, or a share of one.
  in_share_root,
};

/// Looks where a source lies, as the mount table is now.
/// @param source Opened with O_PATH.
/// @param extent What is to come along. Of what holds the share root by nothing
///               but mounts below it, the top is apart.
result<source_place> place_source(int source, const held_root& share_root,
                                  source_extent extent);

/// The same by the mounts of `places`.
result<source_place> place_in(mount_places places, int source,
                              const held_root& share_root,
                              source_extent extent);

/// Returns how a copy of what is at `path` may cross mounts. One of what holds
/// the share root takes nothing that is mounted in it: other sandboxes' shares
/// are there, or would be.
/// @param wanted What is to be done elsewhere.
/// @returns `errc::invalid_argument` for a path into the share root, by
///          whatever bind mount.
result<mount_crossing> crossing_at(const std::string& path,
                                   mount_crossing wanted,
                                   const held_root& root);

/// Returns what of the share root is mounted below the mount that a
/// descriptor was opened through, parents first.
result<std::vector<mounted_entry>> share_mounts_below(int top,
                                                      const share_tree& tree);

/// Returns the mounts at or below the name in a directory that belong to a peer
/// group with members outside the sandbox: unmounting below such a mount would
/// unmount somebody's original, too. Parents first. Members in another mount
/// namespace are found where it is that of process 1.
/// @param parent A directory in the sandbox that the tree is for, on no mount
///               of anybody else.
result<std::vector<mounted_entry>>
foreign_mounts_at(int parent, std::string_view name, const share_tree& tree);

} // namespace fsshare
