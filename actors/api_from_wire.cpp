// SPDX-License-Identifier: Apache-2.0
#include "actors/api_from_wire.hpp"

#include "actors/api_wire.hpp"

namespace fsshare::wire {

prepare_request from_wire(const v1::PrepareRequest& in) {
  prepare_request out;
  out.sandbox_id = in.sandbox_id();
  out.mode = to_mode(in.mode());
  out.guest_address = in.guest().address();
  out.guest_share_dir = in.guest().share_dir();
  for (const auto& each : in.sandbox_binds())
    out.sandbox_binds.push_back({each.source(), each.writable()});
  out.kubelet_roots = to_vector(in.kubelet_roots());
  out.no_watcher = in.no_watcher();
  out.nydusd_socket = in.nydusd_socket();
  out.force_guest_pull = in.force_guest_pull();
  out.guest_memory_bytes
    = static_cast<std::uint64_t>(in.guest().memory_bytes());
  out.policy = to_policy(in.guest().policy());
  out.labels = {in.labels().begin(), in.labels().end()};
  out.no_watchable = in.no_watchable();
  out.local_dir = in.local_dir();
  out.mount_namespace.path = in.mount_namespace();
  return out;
}

set_guest_request from_wire(const v1::SetGuestRequest& in) {
  return {in.sandbox_id(), in.guest().address(), in.guest().share_dir(),
          static_cast<std::uint64_t>(in.guest().memory_bytes()),
          to_policy(in.guest().policy())};
}

cleanup_request from_wire(const v1::CleanupRequest& in) {
  return {in.sandbox_id(), in.abandoned()};
}

share_file_request from_wire(const v1::ShareFileRequest& in) {
  return {in.sandbox_id(), in.container_id(), to_mount(in.mount()),
          in.container_name()};
}

share_files_request from_wire(const v1::ShareFilesRequest& in) {
  share_files_request out;
  out.sandbox_id = in.sandbox_id();
  out.container_id = in.container_id();
  for (const auto& each : in.mounts())
    out.mounts.push_back(to_mount(each));
  out.all_or_nothing = in.all_or_nothing();
  out.container_name = in.container_name();
  return out;
}

unshare_file_request from_wire(const v1::UnshareFileRequest& in) {
  return {in.sandbox_id(), in.container_id(), in.destination(), in.share_id()};
}

unshare_container_request from_wire(const v1::UnshareContainerRequest& in) {
  return {in.sandbox_id(), in.container_id()};
}

share_rootfs_request from_wire(const v1::ShareRootFilesystemRequest& in) {
  const auto& rootfs = in.rootfs();
  share_rootfs_request out;
  out.sandbox_id = in.sandbox_id();
  out.container_id = in.container_id();
  out.rootfs = {rootfs.target(), rootfs.type(), to_vector(rootfs.options()),
                rootfs.suffix(), rootfs.source()};
  out.block = to_block(in.block());
  for (const auto& each : in.devices())
    out.devices.push_back({each.container_path(), to_block(each.block())});
  out.annotations = {in.annotations().begin(), in.annotations().end()};
  out.container_name = in.container_name();
  return out;
}

unshare_rootfs_request from_wire(const v1::UnshareRootFilesystemRequest& in) {
  return {in.sandbox_id(), in.container_id()};
}

start_watcher_request from_wire(const v1::StartFileEventWatcherRequest& in) {
  return {in.sandbox_id()};
}

stop_watcher_request from_wire(const v1::StopFileEventWatcherRequest& in) {
  return {in.sandbox_id()};
}

list_sandboxes_request from_wire(const v1::ListSandboxesRequest& in) {
  return {in.sandbox_id(), in.sandboxes_after()};
}

get_sandbox_request from_wire(const v1::GetSandboxRequest& in) {
  return {in.sandbox_id(), in.pending_after(), in.shares_after(),
          in.volumes_after()};
}

list_volumes_request from_wire(const v1::ListVolumesRequest& in) {
  return {in.sandbox_id(), in.volumes_after()};
}

collect_orphans_request from_wire(const v1::CollectOrphansRequest& in) {
  return {in.sandbox_id(), in.orphans_after(), in.remove()};
}

} // namespace fsshare::wire
