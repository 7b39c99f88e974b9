// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/rootfs_kind.hpp"

#include "core/paths.hpp"
#include "core/rootfs/erofs_parts.hpp"
#include "core/rootfs/virtual_volume.hpp"

#include <algorithm>

namespace fsshare {

namespace {

// overlayfs takes 500 lower directories (OVL_MAX_STACK), and an upper one.
constexpr std::size_t max_overlay_dirs = 501;
constexpr std::string_view upper_option = "upperdir=";

bool any_starts_with(const std::vector<std::string>& words,
                     std::string_view prefix) {
  return std::any_of(words.begin(), words.end(), [&](const auto& word) {
    return word.starts_with(prefix);
  });
}

bool is_nydus(std::string_view type) {
  constexpr std::string_view fuse = "fuse.";
  return type.starts_with(fuse)
         && base_name(type.substr(fuse.size())).starts_with("nydus-overlayfs");
}

std::vector<std::string> layer_dirs(const rootfs_entry& rootfs) {
  if (!is_overlay(rootfs.type))
    return {};
  auto dirs = lower_dirs(rootfs);
  for (const std::string_view word : rootfs.options)
    if (word.starts_with(upper_option))
      dirs.emplace_back(word.substr(upper_option.size()));
  return dirs;
}

// Templates of containerd's mount manager name no directory.
bool has_erofs_layers(const share_rootfs_request& request) {
  return is_overlay(request.rootfs.type)
         && std::any_of(request.devices.begin(), request.devices.end(),
                        [](const auto& device) {
                          const auto part = part_of(device);
                          return part == erofs_part::layer
                                 || part == erofs_part::merged;
                        });
}

bool is_of_erofs_snapshotter(const rootfs_entry& rootfs) {
  const auto dirs = layer_dirs(rootfs);
  return std::any_of(dirs.begin(), dirs.end(), [](const auto& dir) {
    return dir.find(erofs_snapshotter) != std::string::npos;
  });
}

} // namespace

const char* to_string(rootfs_kind kind) noexcept {
  switch (kind) {
  case rootfs_kind::forced_pull: return "forced guest pull";
  case rootfs_kind::virtual_volume: return "virtual volume";
  case rootfs_kind::nydus: return "nydus";
  case rootfs_kind::erofs: return "EROFS";
  case rootfs_kind::layers: return "layers";
  case rootfs_kind::block_device: return "block device";
  case rootfs_kind::bind: break;
  }
  return "bind";
}

rootfs_kind kind_of_rootfs(const share_rootfs_request& request,
                           bool force_guest_pull, bool on_erofs) {
  const auto& rootfs = request.rootfs;
  if (force_guest_pull)
    return rootfs_kind::forced_pull;
  if (any_starts_with(rootfs.options, virtual_volume_option))
    return rootfs_kind::virtual_volume;
  if (is_nydus(rootfs.type))
    return rootfs_kind::nydus;
  if (is_of_erofs_snapshotter(rootfs) || has_erofs_layers(request)
      || (is_overlay(rootfs.type) && on_erofs))
    return rootfs_kind::erofs;
  if (any_starts_with(rootfs.options, layer_option))
    return rootfs_kind::layers;
  if (request.block != block_device{})
    return rootfs_kind::block_device;
  return rootfs_kind::bind;
}

std::vector<std::string> overlay_dirs(const share_rootfs_request& request,
                                      bool force_guest_pull) {
  const auto with = kind_of_rootfs(request, force_guest_pull, true);
  const auto without = kind_of_rootfs(request, force_guest_pull, false);
  if (with == without)
    return {};
  auto dirs = layer_dirs(request.rootfs);
  std::erase_if(dirs, [](const auto& dir) {
    return !dir.starts_with('/');
  });
  if (dirs.size() > max_overlay_dirs)
    dirs.resize(max_overlay_dirs);
  return dirs;
}

} // namespace fsshare
