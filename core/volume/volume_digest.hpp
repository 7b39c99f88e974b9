// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"

#include <cstdint>

namespace fsshare {

/// Returns a number over path, type, mode and owner of `root` and every entry
/// of `tree`, in their order: FNV-1a with 64 bits. Tells states of one volume
/// apart, is no protection against somebody who looks for collisions.
std::uint64_t volume_digest(const tree_entry& root, const tree_snapshot& tree);

} // namespace fsshare
