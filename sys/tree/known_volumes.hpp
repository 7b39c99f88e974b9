// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/volume/known_volume.hpp"

#include <string>

namespace fsshare {

/// Returns which directory a path leads to; one that is nowhere if that cannot
/// be told. Blocks on its filesystem.
directory_id directory_at(const std::string& path);

/// Returns whether a volume is as it is known to be; also false if that cannot
/// be told. A handful of system calls that block on its filesystem; does not
/// compare modes and owners.
bool is_as_known(const known_volume& known);

} // namespace fsshare
