// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// How a container's root filesystem reaches its guest.
enum class rootfs_kind : std::uint8_t {
  /// The sandbox makes its guest pull every image.
  forced_pull,
  /// Options of the snapshotter describe what the guest makes.
  virtual_volume,
  /// An image that nydusd serves, below a writable layer of the host.
  nydus,
  /// Block devices, one per layer, on which the guest makes an overlay.
  erofs,
  /// Options name layers that the guest finds by itself.
  layers,
  block_device,
  /// A directory of the host.
  bind,
};

/// Returns words for people, such as `virtual volume`.
const char* to_string(rootfs_kind kind) noexcept;

/// Option that the guest agent takes for a layer.
constexpr std::string_view layer_option = "io.katacontainers.fs-opt.layer=";

/// Returns the kind that a request's options, type and devices stand for; the
/// first of the list above that applies, which is Kata's order.
/// @param on_erofs Whether one of overlay_dirs() lies on an EROFS filesystem.
rootfs_kind kind_of_rootfs(const share_rootfs_request& request,
                           bool force_guest_pull, bool on_erofs);

/// Returns the directories of a rootfs of type overlay whose filesystem decides
/// about the kind; empty where the kind is clear without a look at the disk.
std::vector<std::string> overlay_dirs(const share_rootfs_request& request,
                                      bool force_guest_pull);

} // namespace fsshare
