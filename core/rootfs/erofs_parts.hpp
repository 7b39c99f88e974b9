// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// containerd keeps the layers of its EROFS snapshotter below a directory of
/// this name.
constexpr std::string_view erofs_snapshotter
  = "io.containerd.snapshotter.v1.erofs";

/// What a device of a container is to a root filesystem of EROFS layers.
enum class erofs_part : std::uint8_t {
  /// `layer.erofs`: one layer.
  layer,
  /// `fsmeta.erofs`: all layers as one filesystem; the shim has put the layers'
  /// own files behind it on one device.
  merged,
  /// `rwlayer.img`: what is written.
  writable,
  /// A device of the container that is no part of it.
  other,
};

/// Returns what a device is, by its path in the container.
erofs_part part_of(const container_device& device);

/// Returns whether a rootfs is an overlay, which containerd's mount manager may
/// be left to complete (`format/overlay`, `format/mkdir/overlay`).
bool is_overlay(std::string_view type);

/// Returns the directories that `lowerdir=` names, topmost first.
std::vector<std::string> lower_dirs(const rootfs_entry& rootfs);

/// Checks that the devices are the layers that `lowerdir=` names, each once: a
/// guest is told no overlay without one of them. Where templates of containerd
/// stand for the directories there is nothing to compare.
/// @returns `errc::invalid_argument` naming the device, or both counts.
status check_erofs_parts(const rootfs_entry& rootfs,
                         const std::vector<container_device>& devices);

} // namespace fsshare
