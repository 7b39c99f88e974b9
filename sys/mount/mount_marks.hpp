// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/volume/watched_ways.hpp"
#include "sys/mountinfo.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

/// Tells ways with another mount on them from what they were before: returns
/// one mark per way, which is another one, but for chance, where anything is
/// mounted on one of its directories or unmounted there. Reads the mount table
/// once, asks no filesystem, and keeps nothing of mounts that are on no way.
/// @param ways Sorted.
/// @param table Path of the mount table; see proc(5).
result<std::vector<std::uint64_t>>
marks_of(const volume_ways& ways, const std::string& table = own_mount_table);

} // namespace fsshare
