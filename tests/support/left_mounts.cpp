// SPDX-License-Identifier: Apache-2.0
#include "tests/support/left_mounts.hpp"

#include "core/paths.hpp"
#include "sys/mountinfo.hpp"

#include <sys/mount.h>

namespace fsshare::test {

void detach_mounts_below(const std::string& dir) {
  const auto table = read_mountinfo();
  if (!table)
    return;
  for (auto at = table->rbegin(); at != table->rend(); ++at)
    if (is_below(at->mount_point, dir))
      ::umount2(at->mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

} // namespace fsshare::test
