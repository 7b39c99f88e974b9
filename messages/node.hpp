// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/sandbox.hpp"

namespace fsshare {

/// NODE: one per process; knows every SANDBOX and routes requests to it.
/// Requests for a sandbox that is not prepared are NOT_FOUND, but for Prepare
/// and Cleanup.
using node_actor
  = caf::typed_actor<rpc<prepare_reply, prepare_request>,
                     rpc<cleanup_reply, cleanup_request>,
                     rpc<share_file_reply, share_file_request>,
                     rpc<unshare_file_reply, unshare_file_request>,
                     rpc<unshare_container_reply, unshare_container_request>,
                     rpc<share_rootfs_reply, share_rootfs_request>,
                     rpc<unshare_rootfs_reply, unshare_rootfs_request>,
                     rpc<start_watcher_reply, start_watcher_request>,
                     rpc<stop_watcher_reply, stop_watcher_request>,
                     rpc<get_sandbox_reply, get_sandbox_request>,
                     rpc<list_sandboxes_reply, list_sandboxes_request>,
                     rpc<list_volumes_reply, list_volumes_request>>;

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::list_sandboxes_request)
FSSHARE_MESSAGE(fsshare::list_sandboxes_reply)
FSSHARE_MESSAGE(fsshare::list_volumes_request)
FSSHARE_MESSAGE(fsshare::list_volumes_reply)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_node, fsshare::type_range(5))
  CAF_ADD_TYPE_ID(fsshare_node, (fsshare::list_sandboxes_request))
  CAF_ADD_TYPE_ID(fsshare_node, (fsshare::list_sandboxes_reply))
  CAF_ADD_TYPE_ID(fsshare_node, (fsshare::list_volumes_request))
  CAF_ADD_TYPE_ID(fsshare_node, (fsshare::list_volumes_reply))
CAF_END_TYPE_ID_BLOCK(fsshare_node)
