// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"

#include <cstdint>
#include <string>

namespace fsshare::guest {

/// One grpc.CopyFileRequest, its fields as they travel.
struct copy_file_request {
  /// Any bytes; the share is at share_root of guest/share_path.hpp.
  std::string path;
  std::int64_t file_size = 0;
  std::uint32_t file_mode = 0;
  std::uint32_t dir_mode = 0;
  std::int32_t uid = 0;
  std::int32_t gid = 0;
  std::int64_t offset = 0;
  /// Must stay valid for the call.
  byte_view data;

  /// What guest agents make of `file_mode`: they test whether the bits of a
  /// type are contained in it, in this order, so that a socket counts as a
  /// directory and a FIFO as a regular file.
  bool is_directory() const {
    return (file_mode & 0040000U) == 0040000U;
  }
  bool is_symlink() const {
    return !is_directory() && (file_mode & 0120000U) == 0120000U;
  }

  /// Owners are cast, so that -1 keeps an id.
  std::uint32_t owner() const {
    return static_cast<std::uint32_t>(uid);
  }
  std::uint32_t group() const {
    return static_cast<std::uint32_t>(gid);
  }
};

} // namespace fsshare::guest
