// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/mount/mount_places.hpp"

#include <cstdint>
#include <optional>

namespace fsshare {

/// What of a source comes along with it.
enum class source_extent : std::uint8_t {
  /// Nothing that is mounted below it, now or later.
  top,
  tree,
};

/// Returns the mounts that decide how a source lies to the share root, out of
/// the mount table: those that either is seen through, with what these are
/// mounted on, and the same of each mount of the share root's file system below
/// the source. No other one shows the share root, or was made in it without one
/// of these.
/// @returns nothing where the kernel does not say; then the table does.
std::optional<mount_places> places_at_issue(int source, int share_root,
                                            source_extent extent);

} // namespace fsshare
