// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/rootfs/rootfs_share.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <string>
#include <vector>

namespace fsshare {

/// Asks for an image to be mounted in nydusd's tree.
struct mount_rafs {
  rafs_mount mount;
};
struct rafs_mounted {};

/// Asks for mounted images to be taken out of nydusd's tree.
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

/// NYDUS: talks to the nydusd of one sandbox, on a thread of its own; one call
/// after the other, each answered within a limit of time.
using nydus_actor = caf::typed_actor<
  // A failed one is undone: what nydusd may still have mounted is unmounted. If
  // that fails too the sentence says so, and it is for unmount_rafs to try.
  rpc<rafs_mounted, mount_rafs>,
  // Succeeds where no nydusd is left to have mounted anything. Goes on after
  // an error, but not after a call that had no answer in time.
  rpc<rafs_unmounted, unmount_rafs>>;

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::mount_rafs)
FSSHARE_MESSAGE(fsshare::rafs_mounted)
FSSHARE_MESSAGE(fsshare::unmount_rafs)
FSSHARE_MESSAGE(fsshare::rafs_unmounted)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_nydus, fsshare::type_range(10))
  CAF_ADD_TYPE_ID(fsshare_nydus, (fsshare::mount_rafs))
  CAF_ADD_TYPE_ID(fsshare_nydus, (fsshare::rafs_mounted))
  CAF_ADD_TYPE_ID(fsshare_nydus, (fsshare::unmount_rafs))
  CAF_ADD_TYPE_ID(fsshare_nydus, (fsshare::rafs_unmounted))
CAF_END_TYPE_ID_BLOCK(fsshare_nydus)
