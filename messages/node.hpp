// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/orphan_types.hpp"
#include "messages/sandbox.hpp"

#include <vector>

namespace fsshare {

/// What earlier processes have left.
struct adopt_sandboxes {
  struct one {
    recorded_sandbox recorded;
    adoption what;
  };
  std::vector<one> sandboxes;
};
struct sandboxes_adopted {};

} // namespace fsshare

FSSHARE_MESSAGES(node, 5, list_sandboxes_request, list_sandboxes_reply,
                 list_volumes_request, list_volumes_reply, adopt_sandboxes,
                 sandboxes_adopted, collect_orphans_request,
                 collect_orphans_reply)

namespace fsshare {

/// What clients ask of NODE. What is asked of a sandbox that is not prepared
/// fails NOT_FOUND, of one whose SANDBOX has died FAILED_PRECONDITION, but for
/// Prepare of the former and Cleanup of both.
using node_requests = sandbox_requests::extend<
  // Which sandboxes are there? Answered when each has said how it is; one that
  // ends meanwhile is left out. Fails only with NODE.
  rpc<list_sandboxes_request, list_sandboxes_reply>,
  // Which volumes are followed, and how current are their copies? REGISTRY's
  // answer, and its errors.
  rpc<list_volumes_request, list_volumes_reply>,
  // Which sandboxes bear our mark and are not known here? Answered when those
  // that are to be removed are, or with the reasons why they stay. A Prepare of
  // one of them meanwhile is refused, or keeps it. Fails where the share root
  // cannot be listed.
  rpc<collect_orphans_request, collect_orphans_reply>>;

/// NODE: one per process; knows every SANDBOX and passes on what is asked of
/// it.
using node_actor = node_requests::extend<
  // Goes on with what earlier processes have left; comes before any request.
  // Answered when what they left unfinished has ended. Fails only with NODE.
  rpc<adopt_sandboxes, sandboxes_adopted>>;

} // namespace fsshare
