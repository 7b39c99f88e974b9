// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"

#include <string>

namespace fsshare {

/// Returns why a mount is no matter of sharing, as both of Kata's runtimes have
/// it: it is no bind mount, or of what each kernel has of its own. Empty for
/// all others. Goes by the words of the request alone.
/// @param mount Passed checked(): its paths are in normal form.
std::string why_unshared(const mount_entry& mount);

} // namespace fsshare
