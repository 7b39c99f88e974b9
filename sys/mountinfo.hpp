// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// One line of /proc/PID/mountinfo (proc(5)), unescaped.
struct mounted_entry {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  /// Of the file system, `MAJOR:MINOR`.
  std::string device;
  /// Which directory or file of the file system is mounted.
  std::string root;
  std::string mount_point;
  /// Flags of this mount, such as `ro,nosuid,relatime`.
  std::string options;
  /// Peer group; 0 for a mount that is not shared.
  std::uint64_t peer_group = 0;
  /// Peer group of the master; 0 for a mount that is not a slave.
  std::uint64_t master = 0;
  std::string fs_type;
  std::string source;

  /// Returns whether `word` is among the options.
  bool has_option(std::string_view word) const;

  friend bool operator==(const mounted_entry&, const mounted_entry&) = default;
};

/// Parses a mount table in the kernel's order: parents before children.
/// @returns `errc::data_loss` naming the line that is not one.
result<std::vector<mounted_entry>> parse_mountinfo(std::string_view text);

/// Returns whether no path leads to a mount any more, because of another one
/// that was made on it, on a directory above it, or on one of its parents.
/// @param table Has the entry and what could be in its way.
bool is_covered(const mounted_entry& entry,
                const std::vector<mounted_entry>& table);

/// The mount table that the calling thread sees. Not that of /proc/self: a
/// thread may have entered a mount namespace of its own.
constexpr const char* own_mount_table = "/proc/thread-self/mountinfo";

/// Reads the mount table that the calling thread sees.
result<std::vector<mounted_entry>> read_mountinfo();

/// Opens the mount table of this process, to wait for changes of it: it is
/// `urgent` for an io_loop once after each (proc(5), POLLPRI).
result<unique_fd> open_mount_table();

/// Reads those that have one of the ids; costs little memory, however long the
/// table is.
/// @param path Of the table; that which the calling thread sees.
result<std::vector<mounted_entry>>
read_mounts(const std::set<std::uint64_t>& ids,
            const std::string& path = own_mount_table);

/// Hands on one mount after the other, without what stands behind its mount
/// point: costs little memory, however long the table is. What is no mount is
/// left out.
/// @param path Of the table.
status scan_mounts(const std::string& path,
                   const std::function<void(const mounted_entry&)>& take);

/// Reads a mount table from `path`, such as `/proc/1/mountinfo`.
result<std::vector<mounted_entry>> read_mountinfo(const std::string& path);

} // namespace fsshare
