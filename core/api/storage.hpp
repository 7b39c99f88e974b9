// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fsshare {

/// `grpc.FSGroup` and `grpc.Storage` of the guest agent, field by field.
struct fs_group {
  std::uint32_t group_id = 0;
  /// True for OnRootMismatch, false for Always.
  bool on_root_mismatch = false;

  friend bool operator==(const fs_group&, const fs_group&) = default;
};

struct storage {
  std::string driver;
  std::vector<std::string> driver_options;
  std::string source;
  std::string fstype;
  std::vector<std::string> options;
  std::string mount_point;
  /// At most one.
  std::vector<fs_group> groups;
  bool shared = false;

  friend bool operator==(const storage&, const storage&) = default;
};

} // namespace fsshare
