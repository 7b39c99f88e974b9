// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/result.hpp"
#include "core/share/share_layout.hpp"

#include <string>
#include <vector>

/// The storages from which a guest agent makes a root filesystem, kind by kind
/// and field by field as Kata's runtime sends them.
namespace fsshare {

/// An overlay in the guest: nydusd's image below the shared snapshot directory.
storage nydus_storage(const share_layout& layout,
                      const std::string& container_id,
                      const std::string& guest_path);

/// What the guest agent makes of the layers that its options name.
storage layers_storage(const rootfs_entry& rootfs,
                       const std::string& guest_path);

/// A block device mounted on the container's shared directory.
/// @returns the error of block_storage(), and `errc::invalid_argument` without
///          a filesystem.
result<storage> block_rootfs_storage(const share_layout& layout,
                                     const std::string& container_id,
                                     const block_device& device);

/// What the guest agent makes a root filesystem of EROFS layers of. Each layer
/// a device of its own: the layers, the writable layer, then the overlay of
/// all. Merged ones: the writable layer, then the device, by options that the
/// guest agent makes the overlay of, as Kata's Rust runtime sends them.
struct erofs_storages {
  std::vector<storage> storages;
  /// Container paths of all devices; those of layers are in the guest now.
  std::vector<std::string> device_paths;
};

/// @param request Its devices are in the order of the layers, topmost first; of
///        several `rwlayer.img` the last one holds what is written. Devices
///        that are no part of the root filesystem stay.
/// @returns the error of block_storage() and of check_erofs_parts().
result<erofs_storages> make_erofs_storages(const share_rootfs_request& request,
                                           const std::string& guest_path);

} // namespace fsshare
