// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/api/orphan_types.hpp"
#include "proto/fsshare.pb.h"

/// The requests of the control API as they are without protobuf. Nothing is
/// checked yet: that is what checked() of core/api/share_request.hpp is for.
namespace fsshare::wire {

prepare_request from_wire(const v1::PrepareRequest& in);
set_guest_request from_wire(const v1::SetGuestRequest& in);
cleanup_request from_wire(const v1::CleanupRequest& in);
share_file_request from_wire(const v1::ShareFileRequest& in);
share_files_request from_wire(const v1::ShareFilesRequest& in);
unshare_file_request from_wire(const v1::UnshareFileRequest& in);
unshare_container_request from_wire(const v1::UnshareContainerRequest& in);
share_rootfs_request from_wire(const v1::ShareRootFilesystemRequest& in);
unshare_rootfs_request from_wire(const v1::UnshareRootFilesystemRequest& in);
start_watcher_request from_wire(const v1::StartFileEventWatcherRequest& in);
stop_watcher_request from_wire(const v1::StopFileEventWatcherRequest& in);
list_sandboxes_request from_wire(const v1::ListSandboxesRequest& in);
get_sandbox_request from_wire(const v1::GetSandboxRequest& in);
list_volumes_request from_wire(const v1::ListVolumesRequest& in);
collect_orphans_request from_wire(const v1::CollectOrphansRequest& in);

} // namespace fsshare::wire
