// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/share/opened_sources.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mount/mount_paths.hpp"
#include "sys/mount_identity.hpp"
#include "sys/mountinfo.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// What a look at the host's mounts did.
struct host_look {
  /// Mounts that were taken out of shares. To be let go where that may block:
  /// with the last reference a file system is written back, and its server
  /// asked.
  std::vector<opened_source_ptr> detached;
  /// Whether all was done that was to be done.
  bool is_all = true;
};

/// Takes out of shares what the host has unmounted since, where the kernel does
/// not: shares that are slaves in all but later mounts, which would be writable
/// in a read-only one. Knows for each mount in such a share which mount of the
/// host it was cloned from. Asks no file system that may not answer.
class host_follower {
public:
  /// Makes the tree that a share lies in.
  using tree_maker = std::function<share_tree(const share_layout&)>;

  /// Begins to follow a share that was mounted just now. What the host has
  /// unmounted by now goes at the next look.
  /// @param source What was cloned, opened with O_PATH.
  /// @param target Where it is mounted.
  status follow(const share_layout& layout, const share_tree& tree, int source,
                const std::string& target);

  /// Ends that for everything at or below a path.
  void forget(std::string_view path);

  bool is_idle() const {
    return shares_.empty();
  }

  /// Looks at the mount table, and takes away what is not in it any more.
  result<host_look> look(const tree_maker& tree_of);

private:
  /// One mount of a share.
  struct cloned_mount {
    mounted_entry own;
    /// What it was cloned from; id 0 for what was gone when we looked.
    mounted_entry original;
    std::string path;
  };
  struct followed_share {
    share_layout layout;
    /// Parents first.
    std::vector<cloned_mount> clones;
  };

  using mounts_by_id = std::map<std::uint64_t, mounted_entry>;

  static void follow_one(const std::string& target, followed_share& share,
                         const share_tree& tree, const mounts_by_id& there,
                         host_look& out);

  std::map<std::string, followed_share, std::less<>> shares_;
};

} // namespace fsshare
