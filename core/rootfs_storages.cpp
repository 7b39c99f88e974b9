// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs_storages.hpp"

#include "core/base64.hpp"
#include "core/block_storage.hpp"
#include "core/paths.hpp"

#include <optional>
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

result<erofs_storages>
make_erofs_storages(const std::string& container_id,
                    const std::vector<container_device>& devices,
                    const std::string& guest_path) {
  erofs_storages out;
  std::vector<storage> layers;
  std::optional<storage> writable;
  for (const auto& device : devices) {
    const auto name = base_name(device.container_path);
    const bool is_layer = name == "layer.erofs";
    out.device_paths.push_back(device.container_path);
    if (!is_layer && name != "rwlayer.img")
      continue;
    auto part = part_storage(device.block, is_layer ? "erofs" : "ext4");
    if (!part)
      return error{part.err()}.within("device " + device.container_path);
    out.device_paths.back() = part->mount_point;
    if (is_layer) {
      part->options.emplace_back("ro");
      layers.push_back(*std::move(part));
    } else {
      writable = *std::move(part);
    }
  }
  if (layers.empty() && !writable)
    return error{errc::invalid_argument,
                 "no device is a layer.erofs or rwlayer.img"};
  auto whole = overlay_of_parts(container_id, layers, writable, guest_path);
  out.storages = std::move(layers);
  if (writable)
    out.storages.push_back(*std::move(writable));
  out.storages.push_back(std::move(whole));
  return out;
}

} // namespace fsshare
