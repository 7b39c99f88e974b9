// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fsshare {

/// A mount namespace: by what path somebody calls it, and which one that was. A
/// value: it holds nothing, and keeps no namespace alive.
struct mount_namespace {
  /// As check_mount_namespace() accepts it; empty for the node agent's own.
  std::string path;
  /// Of the file that stands for it (ioctl_ns(2)); all 0 while nobody has
  /// looked. Numbers are given out again when a namespace has ended.
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  /// NS_GET_MNTNS_ID, which is never given out again; 0 where the kernel does
  /// not tell (before Linux 6.11).
  std::uint64_t id = 0;

  bool is_own() const {
    return path.empty();
  }
  /// Returns whether both are one namespace, as far as can be told, whatever
  /// paths lead there.
  bool is_same(const mount_namespace& other) const {
    return device == other.device && inode == other.inode
           && (id == other.id || id == 0 || other.id == 0);
  }
  friend bool operator==(const mount_namespace&, const mount_namespace&)
    = default;
};

/// Accepts `/proc/PID/ns/mnt` and `/proc/PID/task/TID/ns/mnt`, with numbers:
/// nothing there can hang, and nothing but a living process keeps what it names
/// alive. `self` would be the node agent itself.
/// @returns `errc::invalid_argument` otherwise.
status check_mount_namespace(std::string_view path);

} // namespace fsshare
