// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/sandbox.hpp"

FSSHARE_MESSAGES(node, 5, list_sandboxes_request, list_sandboxes_reply,
                 list_volumes_request, list_volumes_reply)

namespace fsshare {

/// NODE: one per process; knows every SANDBOX and passes on what is asked of
/// it. What is asked of a sandbox that is not prepared fails NOT_FOUND, of one
/// whose SANDBOX has died FAILED_PRECONDITION, but for Prepare of the former
/// and Cleanup of both.
using node_actor = sandbox_requests::extend<
  // Which sandboxes are there? Answered when each has said how it is; one that
  // ends meanwhile is left out. Fails only with NODE.
  rpc<list_sandboxes_request, list_sandboxes_reply>,
  // Which volumes are followed, and how current are their copies? REGISTRY's
  // answer, and its errors.
  rpc<list_volumes_request, list_volumes_reply>>;

} // namespace fsshare
