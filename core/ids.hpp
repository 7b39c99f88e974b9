// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string_view>

namespace fsshare {

/// Checks an id from a client: `[A-Za-z0-9][A-Za-z0-9_.-]*`, at most 128 bytes,
/// so that it can be a file name that leads nowhere else.
/// @returns `errc::invalid_argument` with a sentence that names `what`.
status check_id(std::string_view what, std::string_view id);

} // namespace fsshare
