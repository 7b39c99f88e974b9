// SPDX-License-Identifier: Apache-2.0
#include "core/api/share_request.hpp"

#include "core/api/event_types.hpp"
#include "core/api/orphan_types.hpp"
#include "core/api/request_fields.hpp"
#include "core/ids.hpp"
#include "core/volume/volume_cursor.hpp"

#include <set>
#include <string_view>

namespace fsshare {

namespace {

// What a socket's name may have beside its NUL (sun_path of sys/un.h).
constexpr std::size_t max_socket_bytes = 107;

// No container has as many.
constexpr std::size_t max_mounts = 256;

status check_sandbox(const std::string& id) {
  return check_id("sandbox_id", id);
}

status check_container(const std::string& id) {
  return check_id("container_id", id);
}

template <class Request>
result<Request> with_sandbox(Request request) {
  if (auto id = check_sandbox(request.sandbox_id); !id)
    return id.err();
  return request;
}

template <class Request>
result<Request> with_container(Request request) {
  const auto ids = first_failure(
    {check_sandbox(request.sandbox_id), check_container(request.container_id)});
  if (!ids)
    return ids.err();
  return request;
}

status check_block(const std::string& what, const block_device& device) {
  return first_failure({
    check_words(what + ".fstype", {device.fstype}),
    check_words(what + ".driver", {device.driver}),
    check_words(what + ".virt_path", {device.virt_path}),
    check_words(what + ".pci_path", {device.pci_path}),
    check_words(what + ".scsi_address", {device.scsi_address}),
    check_words(what + ".ccw_device", {device.ccw_device}),
    check_words(what + ".pmem_id", {device.pmem_id}),
  });
}

status check_devices(const std::vector<container_device>& devices) {
  if (devices.size() > max_entries)
    return too_many("devices", devices.size());
  for (const auto& device : devices) {
    auto checked = first_failure(
      {check_path("devices.container_path", device.container_path),
       check_block("devices.block", device.block)});
    if (!checked)
      return checked;
  }
  return unit{};
}

status check_annotations(const std::map<std::string, std::string>& all) {
  if (all.size() > max_entries)
    return too_many("annotations", all.size());
  for (const auto& [name, value] : all)
    if (auto checked
        = check_words("annotations", {name, value}, max_document_bytes);
        !checked)
      return checked;
  return unit{};
}

status check_nydusd(std::string& socket) {
  if (socket.empty())
    return unit{};
  if (socket.size() > max_socket_bytes)
    return refused("nydusd_socket has more than "
                   + std::to_string(max_socket_bytes) + " bytes");
  return make_normal("nydusd_socket", socket);
}

// Copies are read where the node agent is: a caller that names another place
// would take them for what is there.
status check_namespace(const prepare_request& request) {
  const auto& path = request.mount_namespace.path;
  if (path.empty())
    return unit{};
  if (request.mode == sharing_mode::copy)
    return refused("mount_namespace: nothing is mounted for a guest that gets "
                   "copies, which are read in the node agent's own");
  return check_mount_namespace(path);
}

status check_local_dir(prepare_request& request) {
  if (request.local_dir.empty())
    return unit{};
  if (request.mode != sharing_mode::copy)
    return refused("local_dir: with a shared filesystem the guest sees the "
                   "host's emptyDirs");
  return make_normal("local_dir", request.local_dir);
}

result<prepare_request> check(prepare_request request) {
  const auto begin = first_failure(
    {check_sandbox(request.sandbox_id), check_address(request.guest_address),
     check_facts(request.guest_memory_bytes, request.policy),
     check_labels(request.labels), check_binds(request.sandbox_binds),
     check_nydusd(request.nydusd_socket)});
  if (!begin)
    return begin.err();
  if (request.mode != sharing_mode::shared_filesystem
      && request.mode != sharing_mode::copy)
    return refused("mode is none of SHARED_FILESYSTEM and COPY");
  if (request.mode == sharing_mode::copy && !request.sandbox_binds.empty())
    return refused("sandbox_binds: a guest that gets copies sees no directory "
                   "of the host");
  if (!request.guest_share_dir.empty()) {
    auto path = make_normal("guest.share_dir", request.guest_share_dir);
    if (!path)
      return path.err();
  }
  if (request.kubelet_roots.size() > max_directories)
    return too_many("kubelet_roots", request.kubelet_roots.size(),
                    max_directories);
  for (auto& root : request.kubelet_roots)
    if (auto path = make_normal("kubelet_roots", root); !path)
      return path.err();
  const auto places
    = first_failure({check_local_dir(request), check_namespace(request)});
  if (!places)
    return places.err();
  return request;
}

result<set_guest_request> check(set_guest_request request) {
  const auto checks = first_failure(
    {check_sandbox(request.sandbox_id), check_address(request.guest_address),
     check_facts(request.guest_memory_bytes, request.policy)});
  if (!checks)
    return checks.err();
  if (!request.guest_share_dir.empty())
    if (auto path = make_normal("guest.share_dir", request.guest_share_dir);
        !path)
      return path.err();
  return request;
}

result<cleanup_request> check(cleanup_request request) {
  return with_sandbox(std::move(request));
}

result<share_file_request> check(share_file_request request) {
  auto& mount = request.mount;
  const auto checks = first_failure({
    check_sandbox(request.sandbox_id),
    check_container(request.container_id),
    make_normal("mount.source", mount.source),
    make_normal("mount.destination", mount.destination),
    check_words("mount.type", {mount.type}),
    check_words("mount.options", mount.options, max_document_bytes),
    check_name("container_name", request.container_name),
  });
  if (!checks)
    return checks.err();
  if (mount.destination == "/")
    return refused("mount.destination '/' is the root filesystem's");
  return request;
}

result<share_files_request> check(share_files_request request) {
  if (request.mounts.size() > max_mounts)
    return too_many("mounts", request.mounts.size(), max_mounts);
  // What does not depend on a mount is checked without one, too.
  const auto ids = first_failure(
    {check_sandbox(request.sandbox_id), check_container(request.container_id),
     check_name("container_name", request.container_name)});
  if (!ids)
    return ids.err();
  std::set<std::string> destinations;
  for (auto& mount : request.mounts) {
    auto one = check(share_file_request{
      request.sandbox_id, request.container_id, std::move(mount), {}});
    if (!one)
      return one.err();
    mount = std::move(one->mount);
    if (!destinations.insert(mount.destination).second)
      return refused("mounts: two have the destination " + mount.destination);
  }
  return request;
}

result<unshare_file_request> check(unshare_file_request request) {
  if (auto id = check_sandbox(request.sandbox_id); !id)
    return id.err();
  if (!request.share_id.empty()) {
    if (!request.container_id.empty() || !request.destination.empty())
      return refused("a share is named by share_id, or by container_id and "
                     "destination, not by both");
    if (auto id = check_id("share_id", request.share_id); !id)
      return id.err();
    return request;
  }
  const auto key
    = first_failure({check_container(request.container_id),
                     make_normal("destination", request.destination)});
  if (!key)
    return key.err();
  return request;
}

result<unshare_container_request> check(unshare_container_request request) {
  return with_container(std::move(request));
}

result<share_rootfs_request> check(share_rootfs_request request) {
  auto& rootfs = request.rootfs;
  const auto begin = first_failure(
    {check_sandbox(request.sandbox_id), check_container(request.container_id),
     check_words("rootfs.type", {rootfs.type}),
     check_words("rootfs.options", rootfs.options, max_document_bytes),
     check_words("rootfs.source", {rootfs.source}, max_document_bytes),
     check_block("block", request.block), check_devices(request.devices),
     check_annotations(request.annotations),
     check_name("container_name", request.container_name)});
  if (!begin)
    return begin.err();
  if (!rootfs.suffix.empty())
    if (auto id = check_id("rootfs.suffix", rootfs.suffix); !id)
      return id.err();
  // Whether one is needed goes by the kind.
  if (!rootfs.target.empty())
    if (auto path = make_normal("rootfs.target", rootfs.target); !path)
      return path.err();
  return request;
}

result<unshare_rootfs_request> check(unshare_rootfs_request request) {
  return with_container(std::move(request));
}

result<start_watcher_request> check(start_watcher_request request) {
  return with_sandbox(std::move(request));
}

result<stop_watcher_request> check(stop_watcher_request request) {
  return with_sandbox(std::move(request));
}

status check_cursor(const std::string& volumes_after) {
  const auto at = parse_volume_cursor(volumes_after);
  return at ? status{unit{}} : at.err();
}

result<get_sandbox_request> check(get_sandbox_request request) {
  if (auto cursor = check_cursor(request.volumes_after); !cursor)
    return cursor.err();
  const auto lists = (request.leftovers_after.empty() ? 0 : 1)
                     + (request.shares_after.empty() ? 0 : 1)
                     + (request.volumes_after.empty() ? 0 : 1);
  if (lists > 1)
    return error{errc::invalid_argument,
                 "leftovers_after, shares_after and volumes_after: at most one "
                 "may be given"};
  return with_sandbox(std::move(request));
}

result<list_sandboxes_request> check(list_sandboxes_request request) {
  if (request.sandbox_id.empty())
    return request;
  return with_sandbox(std::move(request));
}

result<list_volumes_request> check(list_volumes_request request) {
  if (auto cursor = check_cursor(request.volumes_after); !cursor)
    return cursor.err();
  if (request.sandbox_id.empty())
    return request;
  return with_sandbox(std::move(request));
}

result<watch_events_request> check(watch_events_request request) {
  if (auto cursor = parse_event_cursor(request.events_after); !cursor)
    return cursor.err();
  if (!request.volume.empty())
    if (auto path = make_normal("volume", request.volume); !path)
      return path.err();
  if (request.wait.count() < 0)
    return refused("wait_ns is less than 0");
  if (request.sandbox_id.empty())
    return request;
  return with_sandbox(std::move(request));
}

result<collect_orphans_request> check(collect_orphans_request request) {
  if (!request.orphans_after.empty())
    if (auto id = check_id("orphans_after", request.orphans_after); !id)
      return id.err();
  if (request.sandbox_id.empty())
    return request;
  return with_sandbox(std::move(request));
}

} // namespace

template <class Request>
result<Request> checked(Request request) {
  return check(std::move(request));
}

template result<prepare_request> checked(prepare_request);
template result<set_guest_request> checked(set_guest_request);
template result<cleanup_request> checked(cleanup_request);
template result<share_file_request> checked(share_file_request);
template result<share_files_request> checked(share_files_request);
template result<unshare_file_request> checked(unshare_file_request);
template result<unshare_container_request> checked(unshare_container_request);
template result<share_rootfs_request> checked(share_rootfs_request);
template result<unshare_rootfs_request> checked(unshare_rootfs_request);
template result<start_watcher_request> checked(start_watcher_request);
template result<stop_watcher_request> checked(stop_watcher_request);
template result<get_sandbox_request> checked(get_sandbox_request);
template result<list_sandboxes_request> checked(list_sandboxes_request);
template result<list_volumes_request> checked(list_volumes_request);
template result<watch_events_request> checked(watch_events_request);
template result<collect_orphans_request> checked(collect_orphans_request);

} // namespace fsshare
