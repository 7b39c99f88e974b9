// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>

namespace fsshare {

/// Reads a regular file of at most 4 KiB.
/// @param path Names it in the sentence of an error.
/// @returns `errc::failed_precondition` for anything else.
result<std::string> read_small_file(int fd, const std::string& path);

} // namespace fsshare
