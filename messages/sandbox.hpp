// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/share/share_state.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <set>
#include <string>

namespace fsshare {

/// Asks a SANDBOX for what it leaves; answered when a fault ends it, and with
/// an error when anything else does.
struct await_end {};

/// What is to be taken away of a sandbox whose SANDBOX is gone.
struct sandbox_legacy {
  /// Why it ended.
  error cause;
  /// As it was prepared, in whole or in part.
  prepare_request request;
  /// Nothing is left of one that is absent.
  sandbox_phase phase = sandbox_phase::leftover;
  /// Mountpoints of images that its nydusd may have.
  std::set<std::string> images;
};

/// INTERNAL: whoever ended the last share of a copy has waited long enough.
struct copy_end_due {
  std::string copy_id;
};

/// SANDBOX: one per sandbox; owns what is prepared and shared for it. Requests
/// were checked; each is answered once what it asks for is done or undone,
/// whether or not the asker still lives.
using sandbox_actor = caf::typed_actor<
  // Idempotent for an equal request; ALREADY_EXISTS for another one.
  rpc<prepare_reply, prepare_request>,
  // Idempotent. Never contacts the guest. Ends running requests with ABORTED.
  rpc<cleanup_reply, cleanup_request>,
  // The same request again gets the same answer, waiting for the first.
  rpc<share_file_reply, share_file_request>,
  rpc<unshare_file_reply, unshare_file_request>,
  rpc<unshare_container_reply, unshare_container_request>,
  rpc<share_rootfs_reply, share_rootfs_request>,
  rpc<unshare_rootfs_reply, unshare_rootfs_request>,
  rpc<start_watcher_reply, start_watcher_request>,
  rpc<stop_watcher_reply, stop_watcher_request>,
  rpc<get_sandbox_reply, get_sandbox_request>, rpc<sandbox_legacy, await_end>,
  msg<copy_end_due>>;

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::prepare_request)
FSSHARE_MESSAGE(fsshare::prepare_reply)
FSSHARE_MESSAGE(fsshare::cleanup_request)
FSSHARE_MESSAGE(fsshare::cleanup_reply)
FSSHARE_MESSAGE(fsshare::share_file_request)
FSSHARE_MESSAGE(fsshare::share_file_reply)
FSSHARE_MESSAGE(fsshare::unshare_file_request)
FSSHARE_MESSAGE(fsshare::unshare_file_reply)
FSSHARE_MESSAGE(fsshare::unshare_container_request)
FSSHARE_MESSAGE(fsshare::unshare_container_reply)
FSSHARE_MESSAGE(fsshare::share_rootfs_request)
FSSHARE_MESSAGE(fsshare::share_rootfs_reply)
FSSHARE_MESSAGE(fsshare::unshare_rootfs_request)
FSSHARE_MESSAGE(fsshare::unshare_rootfs_reply)
FSSHARE_MESSAGE(fsshare::start_watcher_request)
FSSHARE_MESSAGE(fsshare::start_watcher_reply)
FSSHARE_MESSAGE(fsshare::stop_watcher_request)
FSSHARE_MESSAGE(fsshare::stop_watcher_reply)
FSSHARE_MESSAGE(fsshare::get_sandbox_request)
FSSHARE_MESSAGE(fsshare::get_sandbox_reply)
FSSHARE_MESSAGE(fsshare::await_end)
FSSHARE_MESSAGE(fsshare::sandbox_legacy)
FSSHARE_MESSAGE(fsshare::copy_end_due)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_sandbox, fsshare::type_range(4))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::prepare_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::prepare_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::cleanup_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::cleanup_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::share_file_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::share_file_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::unshare_file_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::unshare_file_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::unshare_container_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::unshare_container_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::share_rootfs_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::share_rootfs_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::unshare_rootfs_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::unshare_rootfs_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::start_watcher_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::start_watcher_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::stop_watcher_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::stop_watcher_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::get_sandbox_request))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::get_sandbox_reply))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::await_end))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::sandbox_legacy))
  CAF_ADD_TYPE_ID(fsshare_sandbox, (fsshare::copy_end_due))
CAF_END_TYPE_ID_BLOCK(fsshare_sandbox)
