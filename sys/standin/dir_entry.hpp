// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/standin/file_status.hpp"
#include "sys/standin/os_result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Entries of an open directory. A `name` is one component: one with a slash or
/// a NUL byte, an empty one, `.` and `..` fail with EINVAL, so that nothing
/// here reaches beyond the directory. Links are never followed. A result of
/// `std::errc{}` is success.
namespace fsshare::dir_entry {

/// lstat(2).
os_result<file_status> status(const unique_fd& dir, const std::string& name);

/// Makes a directory; `mode` is subject to the umask.
std::errc make_directory(const unique_fd& dir, const std::string& name,
                         std::uint32_t mode);

/// Makes a symlink that holds `target`, which has no NUL byte (EINVAL).
std::errc make_symlink(const unique_fd& dir, const std::string& name,
                       const std::string& target);

/// Opens a directory for reading its names; ENOTDIR for all else.
os_result<unique_fd> open_directory(const unique_fd& dir,
                                    const std::string& name);

/// Returns a handle (O_PATH) on a directory, readable or not; ENOTDIR for all
/// else.
os_result<unique_fd> find_directory(const unique_fd& dir,
                                    const std::string& name);

/// Opens a file for reading and writing and creates it, subject to the umask,
/// if it is missing; ELOOP for a symlink.
os_result<unique_fd> open_file(const unique_fd& dir, const std::string& name,
                               std::uint32_t mode, bool truncate);

/// Removes anything but a directory, which is EISDIR.
std::errc remove_file(const unique_fd& dir, const std::string& name);

/// Removes an empty directory.
std::errc remove_directory(const unique_fd& dir, const std::string& name);

/// Renames within one directory; what `to` named before is gone.
std::errc rename(const unique_fd& dir, const std::string& from,
                 const std::string& to);

/// lchown(2); 0xffffffff keeps an id.
std::errc change_owner(const unique_fd& dir, const std::string& name,
                       std::uint32_t uid, std::uint32_t gid);

/// Names in a directory that open_directory() opened, but `.` and `..`.
os_result<std::vector<std::string>> names(const unique_fd& dir);

} // namespace fsshare::dir_entry
