// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/standin/confined_dir.hpp"

#include <cstdint>
#include <string>

namespace fsshare::guest {

/// Makes a directory and its missing parents inside `root`, as libpathrs, which
/// guest agents use from 4.0 on, does: links and `..` are resolved in the root,
/// but what is missing must not have `..` in it (ENOENT), and a dangling link
/// is not made good (ENOTDIR).
/// @param mode Of every directory that is made; subject to the umask.
/// @returns a handle on the directory.
os_result<unique_fd> make_dirs(const confined_dir& root,
                               const std::string& path, std::uint32_t mode);

} // namespace fsshare::guest
