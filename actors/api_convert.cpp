// SPDX-License-Identifier: Apache-2.0
#include "actors/api_convert.hpp"

#include "core/api/pending_page.hpp"
#include "core/text/duration_text.hpp"
#include "core/text/utf8.hpp"

namespace fsshare {

namespace {

using texts = google::protobuf::RepeatedPtrField<std::string>;

template <class T>
using list = google::protobuf::RepeatedPtrField<T>;

std::vector<std::string> to_vector(const texts& in) {
  return {in.begin(), in.end()};
}

void put(const std::vector<std::string>& in, texts* out) {
  for (const auto& each : in)
    *out->Add() = valid_utf8(each);
}

sharing_mode to_mode(v1::SharingMode mode) {
  switch (mode) {
  case v1::SHARING_MODE_SHARED_FILESYSTEM:
    return sharing_mode::shared_filesystem;
  case v1::SHARING_MODE_COPY: return sharing_mode::copy;
  default: return sharing_mode::unspecified;
  }
}

v1::SharingMode to_wire(sharing_mode mode) {
  switch (mode) {
  case sharing_mode::shared_filesystem:
    return v1::SHARING_MODE_SHARED_FILESYSTEM;
  case sharing_mode::copy: return v1::SHARING_MODE_COPY;
  case sharing_mode::unspecified: break;
  }
  return v1::SHARING_MODE_UNSPECIFIED;
}

block_device to_block(const v1::BlockDevice& in) {
  return {in.fstype(),       in.driver(),     in.virt_path(), in.pci_path(),
          in.scsi_address(), in.ccw_device(), in.pmem_id()};
}

/// A frame, less what the rest of a reply takes.
constexpr std::size_t max_listed_bytes = (std::size_t{4} << 20) - (64U << 10);

/// What each of the lists inside of an entry may have.
constexpr std::size_t max_inner_entries = 1000;
constexpr std::size_t max_inner_bytes = std::size_t{256} << 10;

/// What a reply may still list.
class room {
public:
  explicit room(std::size_t bytes) : left_(bytes) {
  }
  /// Takes what an entry needs with its tag and length; false if it does not
  /// fit, and then nothing does any more, so that lists end and have no holes.
  bool take(std::size_t bytes) {
    constexpr std::size_t frame = 8;
    left_ = bytes + frame <= left_ ? left_ - bytes - frame : 0;
    return left_ > 0;
  }

private:
  std::size_t left_;
};

/// Fills in anything that has a path and a reason.
/// @returns how many there are more.
template <class T>
std::uint64_t put_reasons(const std::vector<T>& in, list<v1::PathReason>* out) {
  room left{max_inner_bytes};
  for (const auto& each : in) {
    v1::PathReason made;
    made.set_path(valid_utf8(each.path));
    made.set_reason(valid_utf8(each.reason));
    if (static_cast<std::size_t>(out->size()) == max_inner_entries
        || !left.take(made.ByteSizeLong()))
      break;
    *out->Add() = std::move(made);
  }
  return in.size() - static_cast<std::size_t>(out->size());
}

std::vector<pending_removal> reasons_of(const std::vector<hung_read>& reads) {
  std::vector<pending_removal> out;
  out.reserve(reads.size());
  for (const auto& each : reads)
    out.push_back({each.subject,
                   "no answer for "
                     + format_duration(
                       std::chrono::floor<std::chrono::seconds>(each.since))});
  return out;
}

std::uint64_t put_some(const std::vector<std::string>& in, texts* out) {
  room left{max_inner_bytes};
  for (const auto& each : in) {
    if (static_cast<std::size_t>(out->size()) == max_inner_entries
        || !left.take(each.size()))
      break;
    *out->Add() = valid_utf8(each);
  }
  return in.size() - static_cast<std::size_t>(out->size());
}

void put(const storage& in, v1::Storage* out) {
  out->set_driver(valid_utf8(in.driver));
  put(in.driver_options, out->mutable_driver_options());
  out->set_source(valid_utf8(in.source));
  out->set_fstype(valid_utf8(in.fstype));
  put(in.options, out->mutable_options());
  out->set_mount_point(valid_utf8(in.mount_point));
  for (const auto& group : in.groups) {
    out->mutable_fs_group()->set_group_id(group.group_id);
    out->mutable_fs_group()->set_group_change_policy(
      group.on_root_mismatch ? v1::OnRootMismatch : v1::Always);
  }
  out->set_shared(in.shared);
}

void put(const mount_entry& in, v1::Mount* out) {
  out->set_source(valid_utf8(in.source));
  out->set_destination(valid_utf8(in.destination));
  out->set_type(valid_utf8(in.type));
  put(in.options, out->mutable_options());
  out->set_read_only(in.read_only);
}

void put(const copy_progress& in, v1::Progress* out) {
  out->set_entries_done(in.entries_done);
  out->set_entries_total(in.entries_total);
  out->set_done_bytes(static_cast<std::int64_t>(in.bytes_done));
  out->set_total_bytes(static_cast<std::int64_t>(in.bytes_total));
}

void put(const share_status& in, v1::ShareStatus* out) {
  out->set_share_id(in.share_id);
  out->set_container_id(in.container_id);
  put(in.mount, out->mutable_mount());
  out->set_host_path(valid_utf8(in.host_path));
  out->set_guest_path(valid_utf8(in.guest_path));
  out->set_ready(in.ready);
  put(in.progress, out->mutable_progress());
  out->set_skipped_more(put_reasons(in.skipped.listed(), out->mutable_skipped())
                        + in.skipped.more());
  out->set_ignored(in.ignored);
  out->set_reason(valid_utf8(in.reason));
  out->set_category(in.category);
  out->set_would_be_denied(in.would_be_denied);
  put_some(in.notes, out->mutable_notes());
}

void put(const sandbox_status& in, v1::SandboxStatus* out) {
  out->set_sandbox_id(in.sandbox_id);
  out->set_mode(to_wire(in.mode));
  out->set_guest_address(valid_utf8(in.guest_address));
  out->set_guest_agent_version(valid_utf8(in.guest_agent_version));
  out->set_guest_connected(in.guest_connected);
  out->set_watcher_running(in.watcher_running);
  out->set_shared_dir(valid_utf8(in.shared_dir));
  out->set_mounts_dir(valid_utf8(in.mounts_dir));
  out->set_containers(in.containers);
  out->set_shares(in.shares);
  out->set_pending_more(put_reasons(in.pending, out->mutable_pending()));
  out->set_hung_reads_more(
    put_reasons(reasons_of(in.hung_reads), out->mutable_hung_reads()));
  out->set_held_bytes(static_cast<std::int64_t>(in.held_bytes));
  out->set_held_limit_bytes(static_cast<std::int64_t>(in.held_limit_bytes));
}

void put(const destination_status& in, v1::DestinationStatus* out) {
  out->set_sandbox_id(in.sandbox_id);
  out->set_container_id(in.container_id);
  out->set_share_id(in.share_id);
  out->set_guest_path(valid_utf8(in.guest_path));
  out->set_guest_generation(valid_utf8(in.guest_generation));
  out->set_current(in.current);
  out->set_stale_ns(in.stale_for.count());
  out->set_lag_ns(in.last_lag.count());
  out->set_reason(valid_utf8(in.reason));
  out->set_failures(in.failures);
  out->set_pushes(in.pushes);
  out->set_skipped_more(put_reasons(in.skipped.listed(), out->mutable_skipped())
                        + in.skipped.more());
  out->set_not_removable_more(
    put_some(in.not_removable, out->mutable_not_removable()));
  out->set_kept_generations_more(
    put_some(in.kept_generations, out->mutable_kept_generations()));
  put(in.progress, out->mutable_progress());
}

/// Fills in as many as fit.
/// @returns how many there are more.
template <class In, class Out>
std::uint64_t put_some(const std::vector<In>& in, list<Out>* out, room& left) {
  for (const auto& each : in) {
    Out made;
    put(each, &made);
    if (!left.take(made.ByteSizeLong()))
      break;
    *out->Add() = std::move(made);
  }
  return in.size() - static_cast<std::size_t>(out->size());
}

/// The same of volumes, each with as many destinations as fit.
std::uint64_t put_some(const std::vector<volume_status>& in,
                       list<v1::VolumeStatus>* out, room& left) {
  for (const auto& each : in) {
    v1::VolumeStatus made;
    made.set_path(valid_utf8(each.path));
    made.set_host_generation(valid_utf8(each.host_generation));
    made.set_watched(each.watched);
    made.set_reason(valid_utf8(each.reason));
    made.set_snapshots(each.snapshots);
    made.set_destinations_more(each.destinations.size());
    if (!left.take(made.ByteSizeLong()))
      break;
    made.set_destinations_more(
      put_some(each.destinations, made.mutable_destinations(), left));
    *out->Add() = std::move(made);
  }
  return in.size() - static_cast<std::size_t>(out->size());
}

void put_page(const pending_page& page, v1::SandboxStatus& out) {
  out.clear_pending();
  out.set_pending_more(put_reasons(page.listed, out.mutable_pending())
                       + page.more);
}

template <class In, class Out>
void put_all(const std::vector<In>& in, list<Out>* out) {
  for (const auto& each : in)
    put(each, out->Add());
}

} // namespace

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
  return out;
}

cleanup_request from_wire(const v1::CleanupRequest& in) {
  return {in.sandbox_id(), in.abandoned()};
}

share_file_request from_wire(const v1::ShareFileRequest& in) {
  const auto& mount = in.mount();
  return {in.sandbox_id(),
          in.container_id(),
          {mount.source(), mount.destination(), mount.type(),
           to_vector(mount.options()), mount.read_only()}};
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
  return {in.sandbox_id()};
}

get_sandbox_request from_wire(const v1::GetSandboxRequest& in) {
  return {in.sandbox_id(), in.pending_after()};
}

list_volumes_request from_wire(const v1::ListVolumesRequest& in) {
  return {in.sandbox_id()};
}

v1::PrepareReply to_wire(const prepare_reply& in) {
  v1::PrepareReply out;
  out.set_shared_dir(valid_utf8(in.shared_dir));
  out.set_mounts_dir(valid_utf8(in.mounts_dir));
  return out;
}

v1::CleanupReply to_wire(const cleanup_reply& in) {
  v1::CleanupReply out;
  out.set_foreign_more(put_reasons(in.foreign, out.mutable_foreign()));
  return out;
}

v1::ShareFileReply to_wire(const share_file_reply& in) {
  v1::ShareFileReply out;
  out.set_ignored(in.ignored);
  out.set_reason(valid_utf8(in.reason));
  out.set_share_id(in.share_id);
  out.set_host_path(valid_utf8(in.host_path));
  out.set_guest_path(valid_utf8(in.guest_path));
  put_all(in.container_storages, out.mutable_container_storages());
  put_all(in.volume_storages, out.mutable_volume_storages());
  out.set_generation(valid_utf8(in.generation));
  out.set_skipped_more(put_reasons(in.skipped.listed(), out.mutable_skipped())
                       + in.skipped.more());
  put_some(in.notes, out.mutable_notes());
  return out;
}

v1::UnshareFileReply to_wire(const unshare_file_reply& in) {
  v1::UnshareFileReply out;
  out.set_pending_more(put_reasons(in.pending, out.mutable_pending()));
  return out;
}

v1::UnshareContainerReply to_wire(const unshare_container_reply& in) {
  v1::UnshareContainerReply out;
  out.set_pending_more(put_reasons(in.pending, out.mutable_pending()));
  return out;
}

v1::ShareRootFilesystemReply to_wire(const share_rootfs_reply& in) {
  v1::ShareRootFilesystemReply out;
  out.set_guest_path(valid_utf8(in.guest_path));
  put_all(in.container_storages, out.mutable_container_storages());
  put_all(in.volume_storages, out.mutable_volume_storages());
  put(in.device_paths, out.mutable_device_paths());
  return out;
}

v1::UnshareRootFilesystemReply to_wire(const unshare_rootfs_reply& /*in*/) {
  return {};
}

v1::StartFileEventWatcherReply to_wire(const start_watcher_reply& /*in*/) {
  return {};
}

v1::StopFileEventWatcherReply to_wire(const stop_watcher_reply& /*in*/) {
  return {};
}

v1::ListSandboxesReply to_wire(const list_sandboxes_reply& in) {
  v1::ListSandboxesReply out;
  room left{max_listed_bytes};
  out.set_sandboxes_more(put_some(in.sandboxes, out.mutable_sandboxes(), left));
  return out;
}

v1::GetSandboxReply to_wire(const get_sandbox_reply& in,
                            const std::string& pending_after) {
  v1::GetSandboxReply out;
  const auto page
    = page_behind(in.sandbox.pending, pending_after, max_inner_entries);
  auto& sandbox = *out.mutable_sandbox();
  if (!pending_after.empty()) {
    sandbox.set_sandbox_id(in.sandbox.sandbox_id);
    put_page(page, sandbox);
    return out;
  }
  put(in.sandbox, &sandbox);
  put_page(page, sandbox);
  // Half for each at least.
  room half{max_listed_bytes / 2};
  out.set_shares_more(put_some(in.shares, out.mutable_shares(), half));
  room left{max_listed_bytes - out.ByteSizeLong()};
  out.set_volumes_more(put_some(in.volumes, out.mutable_volumes(), left));
  return out;
}

v1::ListVolumesReply to_wire(const list_volumes_reply& in) {
  v1::ListVolumesReply out;
  room left{max_listed_bytes};
  out.set_volumes_more(put_some(in.volumes, out.mutable_volumes(), left));
  return out;
}

} // namespace fsshare
