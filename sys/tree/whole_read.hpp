// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/stat.h>
#include <sys/types.h>

namespace fsshare {

/// Returns whether nobody wrote to a file between two looks at it, as far as
/// its size and times tell.
bool same_state(const struct stat& x, const struct stat& y);

/// Reads from `offset` until `length` bytes are there or the file ends, which
/// only reading tells: pread(2) again and again until it gives nothing.
/// @returns how many bytes were read; -1 with errno on failure.
ssize_t read_fully(int fd, std::uint8_t* into, std::size_t length,
                   std::uint64_t offset);

} // namespace fsshare
