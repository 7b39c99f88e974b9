// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "sys/standin/file_status.hpp"
#include "sys/standin/os_result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>

/// What an open file or handle (O_PATH) itself can be asked.
namespace fsshare::file_handle {

/// fstat(2).
os_result<file_status> status(const unique_fd& file);

/// Sets the permissions, of which 07777 are used. Needs /proc.
std::errc change_mode(const unique_fd& file, std::uint32_t mode);

/// Sets the owner; 0xffffffff keeps an id.
std::errc change_owner(const unique_fd& file, std::uint32_t uid,
                       std::uint32_t gid);

/// Writes all of `data` at `offset`; EINVAL for a negative one, unless there is
/// nothing to write.
std::errc write_at(const unique_fd& file, byte_view data, std::int64_t offset);

} // namespace fsshare::file_handle
