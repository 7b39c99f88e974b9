// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/rootfs/rootfs_share.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <string>
#include <vector>

namespace fsshare {

struct mount_rafs {
  rafs_mount mount;
};
struct rafs_mounted {};

struct unmount_rafs {
  std::vector<std::string> mountpoints;
};
struct rafs_unmounted {
  /// What is still mounted, and why.
  struct failure {
    std::string mountpoint;
    error why;
  };
  std::vector<failure> left;
};

} // namespace fsshare

FSSHARE_MESSAGES(nydus, 10, mount_rafs, rafs_mounted, unmount_rafs,
                 rafs_unmounted)

namespace fsshare {

/// NYDUS: talks to the nydusd of one sandbox, on a thread of its own; one call
/// after the other, each answered within a limit of time.
using nydus_actor = caf::typed_actor<
  // Mounts an image in nydusd's tree. A failed one is undone: what nydusd may
  // still have mounted is unmounted. If that fails too the sentence says so,
  // and it is for unmount_rafs to try.
  rpc<mount_rafs, rafs_mounted>,
  // Takes mounted images out of nydusd's tree. Answered with what is still
  // mounted. Succeeds where no nydusd is left to have mounted anything. Goes on
  // after an error, but not after a call that had no answer in time.
  rpc<unmount_rafs, rafs_unmounted>>;

} // namespace fsshare
