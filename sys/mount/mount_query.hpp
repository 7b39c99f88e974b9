// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/mountinfo.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace fsshare {

/// Asks the kernel for single mounts (statmount(2), listmount(2)), which costs
/// what is asked for, where a mount table costs all that is mounted. Mounts
/// have ids here that are never given out again. No file system is asked.
///
/// Needs Linux 6.11, and what a seccomp filter may deny: who gets no answer
/// reads the mount table.
class mount_query {
public:
  struct answer {
    /// With the ids of mountinfo, and without what stands behind the mount
    /// point there.
    mounted_entry entry;
    std::uint64_t id = 0;
    std::uint64_t parent = 0;
  };

  mount_query();

  /// Returns the id of the mount that a descriptor was opened through.
  static std::optional<std::uint64_t> id_of(int fd);

  /// Looks at a mount. One that no path of the calling thread leads to, which a
  /// mount table leaves out, has an empty mount point.
  std::optional<answer> look_at(std::uint64_t id);

  /// Returns the ids of what is mounted below a mount, at whatever depth, in
  /// their order.
  static std::optional<std::vector<std::uint64_t>> below(std::uint64_t id);

private:
  /// A fixed part and strings behind it; see struct statmount.
  std::vector<std::byte> buffer_;
};

} // namespace fsshare
