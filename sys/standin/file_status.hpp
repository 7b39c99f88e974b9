// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace fsshare {

/// What stat(2) says of a file of any type.
struct file_status {
  /// st_mode: type and permissions.
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// Bytes.
  std::int64_t size = 0;

  bool is_directory() const {
    return (mode & type_bits) == 0040000;
  }
  bool is_symlink() const {
    return (mode & type_bits) == 0120000;
  }

  /// S_IFMT of stat(2); the numbers are Linux' ABI and also travel on the wire.
  static constexpr std::uint32_t type_bits = 0170000;
};

} // namespace fsshare
