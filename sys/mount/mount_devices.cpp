// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_devices.hpp"

#include "core/pacing.hpp"
#include "core/paths.hpp"
#include "sys/mountinfo.hpp"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <utility>

namespace fsshare {

mount_devices::mount_devices() : mount_devices(surroundings{}) {
}

mount_devices::mount_devices(surroundings around)
  : around_(std::move(around)),
    watched_(::open(around_.table.c_str(), O_RDONLY | O_CLOEXEC)) {
}

std::string mount_devices::device_of(std::string_view path) {
  // Noted even where it is not read now: it is told once.
  is_outdated_ |= has_changed();
  if (is_outdated_)
    if (const auto now = around_.now(); now >= not_before_)
      read_again(now);
  for (auto at = path; at.size() > 1; at = parent_path(at)) {
    const auto found = devices_.find(at);
    if (found != devices_.end())
      return found->second;
  }
  return {};
}

void mount_devices::read_again(time_point now) {
  auto devices = devices_without_disk(around_.table);
  is_outdated_ = !devices;
  if (devices)
    devices_ = *std::move(devices);
  const auto end = around_.now();
  not_before_ = end
                + std::min<time_point::duration>(
                  pacing::mount_rest * (end - now), pacing::mounts_again);
}

// The table tells of each change once, as an exceptional condition (proc(5)).
bool mount_devices::has_changed() const {
  if (around_.has_changed)
    return around_.has_changed();
  if (!watched_)
    return true;
  pollfd changes{watched_.get(), POLLPRI, 0};
  return ::poll(&changes, 1, 0) > 0
         && (changes.revents & (POLLPRI | POLLERR)) != 0;
}

result<std::map<std::string, std::string, std::less<>>>
devices_without_disk(const std::string& table) {
  std::map<std::string, std::string, std::less<>> out;
  const auto read = scan_mounts(table, [&out](const mounted_entry& entry) {
    // What has no block device has one of the major number 0.
    const bool has_disk = !entry.device.starts_with("0:");
    out[entry.mount_point] = has_disk ? std::string{} : entry.device;
  });
  if (!read)
    return read.err();
  const auto root = out.extract("/");
  if (!root.empty() && !root.mapped().empty())
    for (auto& entry : out)
      if (entry.second == root.mapped())
        entry.second.clear();
  return out;
}

} // namespace fsshare
