// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fsshare {

/// Whether a path may lead over mount points, bind mounts included.
enum class mount_crossing : std::uint8_t { skip, cross };

/// Opens `path` below the directory `base` (the base itself when empty) without
/// following any symlink: openat2(2) with RESOLVE_BENEATH,
/// RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, and RESOLVE_NO_XDEV unless
/// mounts are crossed; open_by_steps() where it cannot be used. FIFOs and
/// terminals do not block or take over anything.
/// @param flags of open(2).
/// @returns a descriptor that owns nothing on failure; errno then says why.
unique_fd open_beneath(int base, const std::string& path, int flags,
                       mount_crossing mounts);

/// The same, over mount points, for O_PATH and with nothing but what the kernel
/// has at hand: no file system is asked, and EAGAIN says that one would have to
/// be (RESOLVE_CACHED, Linux 5.12). Where that cannot be said, as
/// open_beneath().
unique_fd open_cached(int base, const std::string& path, int flags);

/// The same without openat2(2): opens one component after the other, and tells
/// mounts by mnt_id of proc(5). Refuses `..` (EXDEV).
/// @param path Not empty, without empty components.
/// @param flags Of open(2), as they are.
unique_fd open_by_steps(int base, const std::string& path, int flags,
                        mount_crossing mounts);

/// Returns the path, free of links, that leads to what a descriptor has open in
/// this mount namespace.
/// @param shown Names it in the sentence of an error.
result<std::string> real_path(int fd, std::string_view shown);

/// Returns the path, free of links, of what `path` names; `path` where that
/// cannot be found out.
std::string linkless_path(const std::string& path);

} // namespace fsshare
