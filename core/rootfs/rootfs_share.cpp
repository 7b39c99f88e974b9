// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/rootfs_share.hpp"

#include "core/paths.hpp"
#include "core/rootfs/guest_pull.hpp"
#include "core/rootfs/rootfs_storages.hpp"

#include <utility>

namespace fsshare {

namespace {

/// Plans one share; each kind has a function of its own.
class planner {
public:
  planner(const share_rootfs_request& request, const rootfs_payload& payload,
          const rootfs_setting& setting)
    : request_(request), payload_(payload), setting_(setting),
      id_(request.container_id) {
  }

  result<rootfs_share> plan(rootfs_kind kind) {
    out_.kind = kind;
    if (auto checked = check_container_id(id_); !checked)
      return checked.err();
    auto planned = plan_kind(kind);
    if (!planned)
      return planned.err();
    return std::move(out_);
  }

private:
  status plan_kind(rootfs_kind kind) {
    switch (kind) {
    case rootfs_kind::forced_pull: return forced_pull();
    case rootfs_kind::virtual_volume: return virtual_volumes();
    case rootfs_kind::nydus: return nydus();
    case rootfs_kind::erofs: return erofs();
    case rootfs_kind::layers: return layers();
    case rootfs_kind::block_device: return block();
    case rootfs_kind::bind: break;
    }
    return bind();
  }

  std::string& in_guest_alone(std::string_view suffix) {
    auto& path = out_.reply.guest_path;
    path = join(guest_own_dir(id_), suffix);
    return path;
  }

  void in_share() {
    out_.reply.guest_path
      = setting_.layout.guest_rootfs(id_, request_.rootfs.suffix);
  }

  status pull(const string_map& metadata) {
    auto made = guest_pull_storage(metadata, request_.annotations,
                                   out_.reply.guest_path);
    if (!made)
      return made.err();
    out_.reply.container_storages.push_back(*std::move(made));
    return unit{};
  }

  status forced_pull() {
    in_guest_alone(request_.rootfs.suffix);
    return pull({});
  }

  status virtual_volumes() {
    in_guest_alone(request_.rootfs.suffix);
    for (const auto& volume : payload_.volumes) {
      if (auto checked = check_virtual_volume(volume); !checked)
        return checked;
      if (auto made = pull(volume.image_pull.value_or(string_map{})); !made)
        return made;
    }
    return unit{};
  }

  status nydus() {
    if (auto shared = check_shared(); !shared)
      return shared;
    if (!setting_.has_nydusd)
      return error{errc::failed_precondition,
                   "the sandbox was prepared without nydusd_socket"};
    if (!payload_.nydus)
      return error{errc::invalid_argument,
                   "no option begins with " + std::string{nydus_option}};
    const auto& image = *payload_.nydus;
    in_share();
    // Writable, unlike in Kata, whose read-only remount the propagated copy in
    // shared/ never sees: with ours it would, and the guest writes there.
    auto made = plan_nydus_rootfs(
      setting_.layout, id_, request_.rootfs.suffix, image.snapshot_dir,
      {access::read_write, setting_.recursive, propagation::slave});
    if (auto taken = take(std::move(made)); !taken)
      return taken;
    out_.rafs = rafs_mount{rafs_mountpoint(id_), image.source, image.config};
    out_.host_path = setting_.layout.host_snapshot_dir(id_);
    out_.reply.container_storages
      = {nydus_storage(setting_.layout, id_, out_.reply.guest_path)};
    return unit{};
  }

  status erofs() {
    auto made
      = make_erofs_storages(request_, in_guest_alone(request_.rootfs.suffix));
    if (!made)
      return made.err();
    out_.reply.container_storages = std::move(made->storages);
    out_.reply.device_paths = std::move(made->device_paths);
    return unit{};
  }

  status layers() {
    // Kata's agent expects this name whatever the suffix is.
    out_.reply.container_storages
      = {layers_storage(request_.rootfs, in_guest_alone("rootfs"))};
    return unit{};
  }

  status block() {
    in_share();
    auto made = block_rootfs_storage(setting_.layout, id_, request_.block);
    if (!made)
      return made.err();
    out_.reply.container_storages = {*std::move(made)};
    // A guest that shares nothing makes the mount point by itself.
    if (!setting_.shares_filesystem)
      return unit{};
    const auto& suffix = request_.rootfs.suffix;
    out_.host_path = join(setting_.layout.container_dir(id_), suffix);
    return take(plan_rootfs_dir(setting_.layout, id_, suffix));
  }

  status bind() {
    if (auto shared = check_shared(); !shared)
      return shared;
    in_share();
    out_.host_path = setting_.layout.host_rootfs(id_);
    return take(plan_rootfs(
      setting_.layout, id_, request_.rootfs.target,
      {access::read_write, setting_.recursive, propagation::closed}));
  }

  status check_shared() const {
    if (setting_.shares_filesystem)
      return unit{};
    return error{errc::failed_precondition,
                 "the guest of sandbox '" + setting_.layout.sandbox_id()
                   + "' shares no filesystem with the host"};
  }

  status take(result<mount_plan> mounts) {
    if (!mounts)
      return mounts.err();
    auto unmounts = plan_rootfs_end(setting_.layout, out_.kind, id_,
                                    request_.rootfs.suffix);
    if (!unmounts)
      return unmounts.err();
    out_.mounts = *std::move(mounts);
    out_.unmounts = *std::move(unmounts);
    return unit{};
  }

  const share_rootfs_request& request_;
  const rootfs_payload& payload_;
  const rootfs_setting& setting_;
  const std::string& id_;
  rootfs_share out_;
};

} // namespace

result<rootfs_share> plan_rootfs_share(const share_rootfs_request& request,
                                       rootfs_kind kind,
                                       const rootfs_payload& payload,
                                       const rootfs_setting& setting) {
  return planner{request, payload, setting}.plan(kind);
}

result<std::optional<mount_plan>> plan_rootfs_end(const share_layout& layout,
                                                  rootfs_kind kind,
                                                  std::string_view container_id,
                                                  std::string_view suffix) {
  const auto planned
    = [](result<mount_plan> plan) -> result<std::optional<mount_plan>> {
    if (!plan)
      return plan.err();
    return std::optional<mount_plan>{*std::move(plan)};
  };
  switch (kind) {
  case rootfs_kind::bind:
    return planned(plan_unshare_rootfs(layout, container_id));
  case rootfs_kind::nydus:
    return planned(plan_unshare_nydus_rootfs(layout, container_id, suffix));
  case rootfs_kind::block_device:
    return planned(plan_remove_rootfs_dir(layout, container_id, suffix));
  case rootfs_kind::forced_pull:
  case rootfs_kind::virtual_volume:
  case rootfs_kind::erofs:
  case rootfs_kind::layers: break;
  }
  return std::optional<mount_plan>{};
}

} // namespace fsshare
