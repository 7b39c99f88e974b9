// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/result.hpp"
#include "core/rootfs/virtual_volume.hpp"

#include <string>

namespace fsshare {

/// Returns the reference of the image that the guest pulls, from the
/// annotations that containerd or CRI-O puts on a container: `pause` for a
/// sandbox's own container, else the image name.
/// @returns `errc::invalid_argument` naming the annotation that is missing.
result<std::string> image_reference(const string_map& annotations);

/// Returns the storage of a root filesystem that the guest pulls as an image.
/// @param metadata Of the volume; the annotations are laid over it.
/// @returns the error of image_reference().
result<storage> guest_pull_storage(const string_map& metadata,
                                   const string_map& annotations,
                                   const std::string& mount_point);

} // namespace fsshare
