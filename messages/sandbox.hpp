// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/journal/adoption.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace fsshare {

/// A sandbox that an earlier process prepared.
struct restore_sandbox {
  std::shared_ptr<const adopted_sandbox> adopted;
};
struct sandbox_restored {};

struct copy_end_due {
  std::string copy_id;
};

struct copy_again_due {
  std::string copy_id;
  /// Of the tries; another one by now is not waited for.
  std::uint64_t which = 0;
};

} // namespace fsshare

FSSHARE_MESSAGES(sandbox, 4, prepare_request, prepare_reply, set_guest_request,
                 set_guest_reply, cleanup_request, cleanup_reply,
                 share_file_request, share_file_reply, share_files_request,
                 share_files_reply, unshare_file_request, unshare_file_reply,
                 unshare_container_request, unshare_container_reply,
                 share_rootfs_request, share_rootfs_reply,
                 unshare_rootfs_request, unshare_rootfs_reply,
                 start_watcher_request, start_watcher_reply,
                 stop_watcher_request, stop_watcher_reply, get_sandbox_request,
                 get_sandbox_reply, restore_sandbox, sandbox_restored,
                 copy_end_due, copy_again_due)

namespace fsshare {

/// What is asked of a sandbox that is prepared: FAILED_PRECONDITION of another
/// one, ABORTED where a Cleanup gets in between. NODE passes it on as it is.
using prepared_sandbox_requests = caf::typed_actor<
  // Takes in what is told of the guest. Answered when it is written down, and
  // what waited for nothing else can be sent; idempotent. Fails ALREADY_EXISTS
  // for what contradicts what is known, and nothing is taken in then.
  rpc<set_guest_request, set_guest_reply>,
  // Makes a file or directory visible in the guest. Answered when it is, or
  // when it is known that its type cannot be copied (`ignored`). The same
  // request again gets the same answer, waiting for the first. Fails
  // ALREADY_EXISTS where another one has its destination, ABORTED if it is
  // ended meanwhile, PERMISSION_DENIED where a rule says so,
  // FAILED_PRECONDITION where nobody knows yet where the guest is, or with the
  // error of the reading, copying or mounting, and nothing is left of it then.
  rpc<share_file_request, share_file_reply>,
  // The same for several mounts of a container, side by side. Answered when
  // each has its answer. If it is to be all or nothing it fails with the first
  // error in the order of the mounts, after what it had made was ended.
  rpc<share_files_request, share_files_reply>,
  // Ends a share. Answered when it is gone, with what is left in the guest and
  // is removed later; one that is not there is no error. Fails with the step
  // that failed, and the share stays.
  rpc<unshare_file_request, unshare_file_reply>,
  // Ends all shares of a container and its root filesystem. Answered when all
  // have ended, with what is left of any; fails then with what failed of any.
  rpc<unshare_container_request, unshare_container_reply>,
  // Makes a root filesystem visible in the guest. Answered when it is, the same
  // request again with the same answer. Fails ALREADY_EXISTS where the
  // container has another one, ABORTED if it is ended meanwhile,
  // INVALID_ARGUMENT or FAILED_PRECONDITION where its kind does not go with
  // what is given, or with the error of the mounting or of nydusd.
  rpc<share_rootfs_request, share_rootfs_reply>,
  // Ends the sharing of a root filesystem. Answered when it is gone; one that
  // is not there is no error. Fails with the step that failed.
  rpc<unshare_rootfs_request, unshare_rootfs_reply>,
  // Keeps the volumes of the sandbox current from now on; idempotent. Fails
  // with REGISTRY only.
  rpc<start_watcher_request, start_watcher_reply>,
  // Leaves the volumes of the sandbox as they are; idempotent. Fails with
  // REGISTRY only.
  rpc<stop_watcher_request, stop_watcher_reply>,
  // How is the sandbox? Answered with what its neighbours say; who of them
  // fails is left out.
  rpc<get_sandbox_request, get_sandbox_reply>>;

/// What others ask of a SANDBOX, and what NODE takes for it. Requests were
/// checked; each is answered once what it asks for is done or undone, whether
/// or not the asker still lives.
using sandbox_requests = prepared_sandbox_requests::extend<
  // Makes the directories and mounts of the sandbox. Answered when they are
  // there; idempotent for an equal request. Fails ALREADY_EXISTS for another
  // one, FAILED_PRECONDITION where an earlier process has left something, or
  // with the step that failed, after everything before it was undone.
  rpc<prepare_request, prepare_reply>,
  // Takes everything of the sandbox away; never contacts the guest. Answered
  // when nothing of ours is left, with what is somebody else's; idempotent.
  // Ends running requests ABORTED. Fails FAILED_PRECONDITION with the list of
  // what could not be removed, and may be repeated.
  rpc<cleanup_request, cleanup_reply>>;

/// SANDBOX: one per sandbox; owns what is prepared and shared for it.
using sandbox_actor = sandbox_requests::extend<
  // Goes on with the sandbox; comes before any request. Answered when what was
  // left unfinished in it has ended. Fails only with this.
  rpc<restore_sandbox, sandbox_restored>,
  // INTERNAL: whoever ended the last share of a copy has waited long enough.
  msg<copy_end_due>,
  // INTERNAL: what the guest has lost, and could not be sent again, is tried.
  msg<copy_again_due>>;

} // namespace fsshare
