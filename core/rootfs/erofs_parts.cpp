// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/erofs_parts.hpp"

#include "core/paths.hpp"

#include <algorithm>

namespace fsshare {

namespace {

constexpr std::string_view lower_option = "lowerdir=";

std::size_t count(const std::vector<container_device>& devices,
                  erofs_part wanted) {
  return static_cast<std::size_t>(
    std::count_if(devices.begin(), devices.end(), [&](const auto& device) {
      return part_of(device) == wanted;
    }));
}

// Whether a device that is none of the known parts is one nevertheless.
bool is_unknown_part(const container_device& device) {
  const std::string_view path{device.container_path};
  return part_of(device) == erofs_part::other
         && (path.ends_with(".erofs") || path.ends_with(".vmdk")
             || path.find(erofs_snapshotter) != std::string_view::npos);
}

status check_names(const std::vector<container_device>& devices) {
  const auto unknown
    = std::find_if(devices.begin(), devices.end(), is_unknown_part);
  if (unknown == devices.end())
    return unit{};
  return error{errc::invalid_argument,
               "device " + unknown->container_path
                 + ": no known part of an EROFS snapshot; known are "
                   "layer.erofs, fsmeta.erofs and rwlayer.img"};
}

error differs(std::size_t named, std::size_t given, std::string_view what) {
  return {errc::invalid_argument, "lowerdir names " + std::to_string(named)
                                    + " layers, and " + std::to_string(given)
                                    + " of the devices are "
                                    + std::string{what}};
}

bool is_template(const std::string& dir) {
  return dir.find("{{") != std::string::npos;
}

} // namespace

erofs_part part_of(const container_device& device) {
  const auto name = base_name(device.container_path);
  if (name == "layer.erofs")
    return erofs_part::layer;
  if (name == "fsmeta.erofs")
    return erofs_part::merged;
  if (name == "rwlayer.img")
    return erofs_part::writable;
  return erofs_part::other;
}

bool is_overlay(std::string_view type) {
  return type == "overlay" || type == "format/overlay"
         || type == "format/mkdir/overlay";
}

std::vector<std::string> lower_dirs(const rootfs_entry& rootfs) {
  std::vector<std::string> dirs;
  for (const std::string_view word : rootfs.options) {
    if (!word.starts_with(lower_option))
      continue;
    auto rest = word.substr(lower_option.size());
    for (auto end = rest.find(':'); end != std::string_view::npos;
         end = rest.find(':')) {
      dirs.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    dirs.emplace_back(rest);
  }
  return dirs;
}

status check_erofs_parts(const rootfs_entry& rootfs,
                         const std::vector<container_device>& devices) {
  if (auto known = check_names(devices); !known)
    return known;
  const auto layers = count(devices, erofs_part::layer);
  const auto merged = count(devices, erofs_part::merged);
  if (layers + merged + count(devices, erofs_part::writable) == 0)
    return error{errc::invalid_argument,
                 "no device is a layer.erofs, fsmeta.erofs or rwlayer.img"};
  if (merged > 1 || (merged == 1 && layers != 0))
    return error{errc::invalid_argument,
                 std::to_string(merged) + " devices are fsmeta.erofs and "
                   + std::to_string(layers)
                   + " layer.erofs; one fsmeta.erofs holds all layers, and "
                     "has none beside it"};
  const auto named = lower_dirs(rootfs);
  if (named.empty() || std::any_of(named.begin(), named.end(), is_template))
    return unit{};
  if (merged + layers == named.size())
    return unit{};
  return differs(named.size(), merged + layers,
                 merged == 0 ? "layer.erofs" : "fsmeta.erofs");
}

} // namespace fsshare
