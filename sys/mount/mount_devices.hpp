// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace fsshare {

/// Tells by the table of mounts alone, without asking any filesystem, on which
/// device paths lie whose filesystem may not answer. For one thread.
///
/// The table is read when it has changed and a path is asked for. A read is
/// followed by a rest of fifty times as long, 5 s at most: a node that mounts
/// all the time costs no more than a fiftieth of it, and where the table is
/// short that is no time at all. What is mounted in a rest is known after it;
/// until then its paths have the device of what lies below it.
class mount_devices {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What it looks at; tests hand in others.
  struct surroundings {
    /// Path of the table of mounts; see proc(5).
    std::string table = "/proc/self/mountinfo";
    std::function<time_point()> now = &std::chrono::steady_clock::now;
    /// Tells once after each change of the table; by default its descriptor
    /// is asked.
    std::function<bool()> has_changed = nullptr;
  };

  mount_devices();
  explicit mount_devices(surroundings around);

  /// Returns the device of the mount at which a path lies, as `0:45`, which is
  /// the same for all mounts of one NFS export. Empty for what cannot be told,
  /// and for what answers: filesystems on block devices, and whatever lies in
  /// the root filesystem, to which all paths belong that lead elsewhere by
  /// links.
  std::string device_of(std::string_view path);

private:
  void read_again(time_point now);
  bool has_changed() const;

  surroundings around_;
  /// Opened at once: what is open does not depend on what was asked.
  unique_fd watched_;
  bool is_outdated_ = true;
  /// The end of the rest.
  time_point not_before_{};
  /// By mount point, what was mounted last.
  std::map<std::string, std::string, std::less<>> devices_;
};

/// Returns the devices of mounts that may not answer, by mount point.
/// @param table Path of the table.
result<std::map<std::string, std::string, std::less<>>>
devices_without_disk(const std::string& table);

} // namespace fsshare
