// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/rootfs_storages.hpp"

#include "core/paths.hpp"
#include "core/rootfs/block_storage.hpp"
#include "core/rootfs/erofs_parts.hpp"
#include "core/text/base64.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace fsshare {

namespace {

constexpr const char* overlay_driver = "overlayfs";
constexpr const char* overlay = "overlay";
// Where the guest agent mounts devices that are parts of something else.
constexpr const char* virtual_volumes_dir
  = "/run/kata-containers/virtual-volumes";

storage overlay_storage(std::vector<std::string> options,
                        const std::string& guest_path) {
  storage out;
  out.driver = overlay_driver;
  out.source = overlay;
  out.fstype = overlay;
  out.options = std::move(options);
  out.mount_point = guest_path;
  return out;
}

result<storage> part_storage(const block_device& device, const char* fstype) {
  auto out = block_storage(device);
  if (!out)
    return out;
  out->fstype = fstype;
  out->mount_point = join(virtual_volumes_dir, base64url(out->source));
  return out;
}

storage overlay_of_parts(const std::string& container_id,
                         const std::vector<storage>& layers,
                         const std::optional<storage>& writable,
                         const std::string& guest_path) {
  const auto own = guest_own_dir(container_id);
  const auto upper
    = writable ? join(writable->mount_point, "upper") : join(own, "fs");
  const auto work = join(writable ? writable->mount_point : own, "work");
  std::vector<std::string> options;
  std::string lower;
  for (const auto& layer : layers)
    lower += (lower.empty() ? "lowerdir=" : ":") + layer.mount_point;
  if (!lower.empty())
    options.push_back(std::move(lower));
  options.push_back("upperdir=" + upper);
  options.push_back("workdir=" + work);
  constexpr const char* create
    = "io.katacontainers.volume.overlayfs.create_directory=";
  auto out = overlay_storage(std::move(options), guest_path);
  out.driver_options = {create + upper, create + work};
  return out;
}

// Has the guest agent mount a device as a part of an overlay at `guest_path`.
storage layered(storage part, const char* place,
                const std::string& guest_path) {
  part.mount_point = guest_path;
  part.options.emplace_back(place);
  part.options.emplace_back("X-kata.multi-layer=true");
  return part;
}

// The guest agent itself makes the overlay, and without a writable layer the
// directories for one; those that containerd wants in it are named with the
// first layer.
erofs_storages merged_storages(const share_rootfs_request& request,
                               const std::string& guest_path, storage lower,
                               std::optional<storage> writable) {
  constexpr std::string_view made = "X-containerd.mkdir.path=";
  erofs_storages out;
  if (writable)
    out.storages.push_back(
      layered(*std::move(writable), "X-kata.overlay-upper", guest_path));
  lower = layered(std::move(lower), "X-kata.overlay-lower", guest_path);
  for (const auto& word : request.rootfs.options)
    if (word.starts_with(made))
      lower.options.push_back("X-kata.mkdir.path=" + word.substr(made.size()));
  out.storages.push_back(std::move(lower));
  for (const auto& device : request.devices)
    out.device_paths.push_back(part_of(device) == erofs_part::other
                                 ? device.container_path
                                 : guest_path);
  return out;
}

} // namespace

storage nydus_storage(const share_layout& layout,
                      const std::string& container_id,
                      const std::string& guest_path) {
  const auto snapshot = layout.guest_snapshot_dir(container_id);
  return overlay_storage(
    {"upperdir=" + join(snapshot, "fs"), "workdir=" + join(snapshot, "work"),
     "lowerdir=" + layout.guest_rafs(container_id), "index=off"},
    guest_path);
}

storage layers_storage(const rootfs_entry& rootfs,
                       const std::string& guest_path) {
  auto out = overlay_storage(rootfs.options, guest_path);
  out.source = "none";
  out.fstype = rootfs.type;
  return out;
}

result<storage> block_rootfs_storage(const share_layout& layout,
                                     const std::string& container_id,
                                     const block_device& device) {
  auto out = block_storage(device);
  if (!out)
    return out;
  if (device.fstype.empty())
    return error{errc::invalid_argument,
                 "block.fstype is empty; the guest mounts the device as that"};
  out->fstype = device.fstype;
  out->mount_point = layout.guest_rootfs(container_id, {});
  // Two snapshots of one image have the same UUID.
  if (device.fstype == "xfs")
    out->options.insert(out->options.begin(), "nouuid");
  return out;
}

result<erofs_storages> make_erofs_storages(const share_rootfs_request& request,
                                           const std::string& guest_path) {
  if (auto checked = check_erofs_parts(request.rootfs, request.devices);
      !checked)
    return checked.err();
  erofs_storages out;
  std::vector<storage> lower;
  std::optional<storage> writable;
  bool is_merged = false;
  for (const auto& device : request.devices) {
    const auto kind = part_of(device);
    out.device_paths.push_back(device.container_path);
    if (kind == erofs_part::other)
      continue;
    auto part = part_storage(device.block,
                             kind == erofs_part::writable ? "ext4" : "erofs");
    if (!part)
      return error{part.err()}.within("device " + device.container_path);
    out.device_paths.back() = part->mount_point;
    is_merged = is_merged || kind == erofs_part::merged;
    if (kind == erofs_part::writable) {
      writable = *std::move(part);
      continue;
    }
    part->options.emplace_back("ro");
    lower.push_back(*std::move(part));
  }
  if (is_merged)
    return merged_storages(request, guest_path, std::move(lower.front()),
                           std::move(writable));
  auto whole
    = overlay_of_parts(request.container_id, lower, writable, guest_path);
  out.storages = std::move(lower);
  if (writable)
    out.storages.push_back(*std::move(writable));
  out.storages.push_back(std::move(whole));
  return out;
}

} // namespace fsshare
