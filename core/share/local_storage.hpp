// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/storage.hpp"
#include "core/copy/shared_copies.hpp"

#include <string_view>
#include <vector>

namespace fsshare {

/// What makes a guest agent have an emptyDir of its own, where the host's has
/// nothing to be copied: a storage of the driver `local`, for which it makes a
/// directory at the mount point (src/storage/local_handler.rs of the
/// kata-agent). The one of Kata's Rust runtime, field by field: guest policies
/// compare them.
/// @param empty_dir terms of a copy that is `is_local`.
/// @param inside the part of it that is shared, relative to its root; empty for
///        all of it. The kubelet makes each directory on the way to a part with
///        the mode of the emptyDir itself, so that each is a storage, too.
std::vector<storage> local_storages(const copy_terms& empty_dir,
                                    std::string_view inside);

} // namespace fsshare
