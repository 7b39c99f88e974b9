// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/adoption.hpp"
#include "core/result.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mount/mount_paths.hpp"
#include "sys/mountinfo.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fsshare {

/// The mount table by mount points, read once to look at many sandboxes.
class mount_index {
public:
  /// Reads the table that the calling thread sees.
  static result<mount_index> read(const held_root& root);

  /// Looks at one sandbox. Asks no file system but the share root's.
  /// @param tree That of the sandbox.
  sandbox_look look_at(const sandbox_places& sandbox,
                       const share_tree& tree) const;

private:
  mount_index() = default;

  const mounted_entry* top_at(const std::string& path) const;
  const mounted_entry* top_at(const std::string& path,
                              std::uint64_t parent) const;
  const mounted_entry* mounts_of(const share_layout& layout) const;

  /// The share root by the path that the caller knows, and without links.
  std::string root_path_;
  std::string real_root_;
  /// The mount that the share root is seen through.
  std::uint64_t root_mount_ = 0;
  std::vector<mounted_entry> table_;
  /// Of several on one mount point the top.
  std::unordered_map<std::string_view, std::size_t> by_point_;
};

} // namespace fsshare
