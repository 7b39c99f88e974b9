// SPDX-License-Identifier: Apache-2.0
#include "core/api/rootfs_types.hpp"

#include <tuple>

namespace fsshare {

bool is_same(const share_rootfs_request& x, const share_rootfs_request& y) {
  const auto all = [](const share_rootfs_request& r) {
    return std::tie(r.sandbox_id, r.container_id, r.rootfs, r.block, r.devices,
                    r.annotations);
  };
  return all(x) == all(y);
}

} // namespace fsshare
