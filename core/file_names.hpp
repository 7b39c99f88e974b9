// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace fsshare {

/// The longest path, PATH_MAX of linux/limits.h less its NUL.
inline constexpr std::size_t max_path_bytes = 4095;

/// The longest name of a file, NAME_MAX of linux/limits.h.
inline constexpr std::size_t max_name_bytes = 255;

/// The link in a volume that names its live generation; the kubelet's
/// AtomicWriter renames it into place.
inline constexpr const char* data_link = "..data";

} // namespace fsshare
