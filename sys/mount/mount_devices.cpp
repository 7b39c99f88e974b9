// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_devices.hpp"

#include "core/paths.hpp"

#include <fcntl.h>
#include <poll.h>
#include <utility>

namespace fsshare {

mount_devices::mount_devices(std::string table)
  : table_(std::move(table)),
    watched_(::open(table_.c_str(), O_RDONLY | O_CLOEXEC)) {
}

std::string mount_devices::device_of(std::string_view path) {
  if (!is_read_ || !watched_ || has_changed())
    read_again();
  for (auto at = path; at.size() > 1; at = parent_path(at)) {
    const auto found = devices_.find(at);
    if (found != devices_.end())
      return found->second;
  }
  return {};
}

void mount_devices::read_again() {
  const auto table = read_mountinfo(table_);
  is_read_ = static_cast<bool>(table);
  if (table)
    devices_ = devices_without_disk(*table);
}

// The table tells of each change once, as an exceptional condition (proc(5)).
bool mount_devices::has_changed() const {
  pollfd changes{watched_.get(), POLLPRI, 0};
  return ::poll(&changes, 1, 0) > 0
         && (changes.revents & (POLLPRI | POLLERR)) != 0;
}

std::map<std::string, std::string, std::less<>>
devices_without_disk(const std::vector<mounted_entry>& table) {
  std::map<std::string, std::string, std::less<>> out;
  for (const auto& entry : table) {
    // What has no block device has one of the major number 0.
    const bool has_disk = !entry.device.starts_with("0:");
    out[entry.mount_point] = has_disk ? std::string{} : entry.device;
  }
  const auto root = out.extract("/");
  if (!root.empty() && !root.mapped().empty())
    for (auto& entry : out)
      if (entry.second == root.mapped())
        entry.second.clear();
  return out;
}

} // namespace fsshare
