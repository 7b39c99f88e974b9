// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"

#include <string_view>

namespace fsshare {

/// Ends a plan for guest agents that give the parent directory of every path
/// the owner of the request: the guest's shared directory gets its owner back,
/// root, when it was taken from it. Where a policy forbids that request it does
/// not. The root of a copy is always sent with its own owner: a request of it
/// that comes late then changes nothing.
/// @param share_dir guest path of the directory that holds all copies.
void keep_share_dir_owner(copy_plan& plan, std::string_view share_dir);

/// Returns the step that gives a directory an owner and changes nothing else:
/// an empty link where nothing is. It is answered with an error.
/// @param dir guest path of the directory.
copy_step owner_step(std::string_view dir, std::uint32_t uid,
                     std::uint32_t gid);

} // namespace fsshare
