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
/// mounts are crossed. FIFOs and terminals do not block or take over anything.
/// @param flags of open(2).
/// @returns a descriptor that owns nothing on failure; errno then says why.
unique_fd open_beneath(int base, const std::string& path, int flags,
                       mount_crossing mounts);

/// Returns the path, free of links, that leads to what a descriptor has open in
/// this mount namespace.
/// @param shown Names it in the sentence of an error.
result<std::string> real_path(int fd, std::string_view shown);

} // namespace fsshare
