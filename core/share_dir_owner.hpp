// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy_plan.hpp"

#include <string_view>

namespace fsshare {

/// Changes a plan for guest agents that give the parent directory of every path
/// the owner of the request, such that the guest's shared directory stays
/// root's: the root of a copy is made as root's, and gets its own owner from
/// what is sent into it last. After a single file or link the shared directory
/// gets its owner back.
/// @param share_dir guest path of the directory that holds all copies.
void keep_share_dir_owner(copy_plan& plan, std::string_view share_dir);

/// Returns the step that gives a directory an owner and changes nothing else:
/// an empty link where nothing is. It is answered with an error.
/// @param dir guest path of the directory.
copy_step owner_step(std::string_view dir, std::uint32_t uid,
                     std::uint32_t gid);

} // namespace fsshare
