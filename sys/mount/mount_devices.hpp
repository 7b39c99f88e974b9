// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/mountinfo.hpp"
#include "sys/unique_fd.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Tells by the table of mounts alone, without asking any filesystem, on which
/// device paths lie whose filesystem may not answer. For one thread.
class mount_devices {
public:
  /// @param table Path of the table of mounts; see proc(5).
  explicit mount_devices(std::string table = "/proc/self/mountinfo");

  /// Returns the device of the mount at which a path lies, as `0:45`, which is
  /// the same for all mounts of one NFS export. Empty for what cannot be told,
  /// and for what answers: filesystems on block devices, and whatever lies in
  /// the root filesystem, to which all paths belong that lead elsewhere by
  /// links.
  std::string device_of(std::string_view path);

private:
  void read_again();
  bool has_changed() const;

  std::string table_;
  /// Opened at once: what is open does not depend on what was asked.
  unique_fd watched_;
  bool is_read_ = false;
  /// By mount point, what was mounted last.
  std::map<std::string, std::string, std::less<>> devices_;
};

/// Returns the devices of mounts that may not answer, by mount point.
std::map<std::string, std::string, std::less<>>
devices_without_disk(const std::vector<mounted_entry>& table);

} // namespace fsshare
