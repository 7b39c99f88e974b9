// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "proto/fsshare.pb.h"

/// Between the messages of proto/fsshare.proto and the types of
/// core/api/api_types.hpp, field by field and without any check; enum values
/// that the proto does not know become `unspecified`. Text on its way out is
/// made valid UTF-8, as protobuf wants it: file names can be any bytes. Lists
/// of the status end where the reply would not fit a frame, and say how many
/// there are more.
namespace fsshare {

prepare_request from_wire(const v1::PrepareRequest& in);
cleanup_request from_wire(const v1::CleanupRequest& in);
share_file_request from_wire(const v1::ShareFileRequest& in);
unshare_file_request from_wire(const v1::UnshareFileRequest& in);
unshare_container_request from_wire(const v1::UnshareContainerRequest& in);
share_rootfs_request from_wire(const v1::ShareRootFilesystemRequest& in);
unshare_rootfs_request from_wire(const v1::UnshareRootFilesystemRequest& in);
start_watcher_request from_wire(const v1::StartFileEventWatcherRequest& in);
stop_watcher_request from_wire(const v1::StopFileEventWatcherRequest& in);
list_sandboxes_request from_wire(const v1::ListSandboxesRequest& in);
get_sandbox_request from_wire(const v1::GetSandboxRequest& in);
list_volumes_request from_wire(const v1::ListVolumesRequest& in);

v1::PrepareReply to_wire(const prepare_reply& in);
v1::CleanupReply to_wire(const cleanup_reply& in);
v1::ShareFileReply to_wire(const share_file_reply& in);
v1::UnshareFileReply to_wire(const unshare_file_reply& in);
v1::UnshareContainerReply to_wire(const unshare_container_reply& in);
v1::ShareRootFilesystemReply to_wire(const share_rootfs_reply& in);
v1::UnshareRootFilesystemReply to_wire(const unshare_rootfs_reply& in);
v1::StartFileEventWatcherReply to_wire(const start_watcher_reply& in);
v1::StopFileEventWatcherReply to_wire(const stop_watcher_reply& in);
v1::ListSandboxesReply to_wire(const list_sandboxes_reply& in);
/// @param pending_after Of the request.
v1::GetSandboxReply to_wire(const get_sandbox_reply& in,
                            const std::string& pending_after);
v1::ListVolumesReply to_wire(const list_volumes_reply& in);

} // namespace fsshare
