// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/mountinfo.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fsshare {

/// A directory of a file system, whatever mounts show it where.
struct mount_place {
  /// As in mountinfo.
  std::string device;
  /// From the file system's own root.
  std::string path;

  /// Returns the place of `name` in this directory.
  mount_place at(std::string_view name) const;
};

/// A mount table, to ask what shows or holds a directory: by the mounts'
/// devices, roots and parents, as paths tell nothing of a directory that is
/// bound elsewhere.
class mount_places {
public:
  explicit mount_places(std::vector<mounted_entry> table);

  const std::vector<mounted_entry>& table() const {
    return table_;
  }
  /// Returns the mount with an id; null without one.
  const mounted_entry* find(std::uint64_t id) const;

  /// Returns the mount that a descriptor was opened through. In a chroot that
  /// begins within a mount the table lacks that one: then it is added.
  /// @param shown Names the descriptor in the sentence of an error.
  result<mounted_entry> mount_behind(int fd, std::string_view shown);

  /// Returns the place of what is at `path`, seen through a mount.
  static mount_place place_of(const mounted_entry& mount,
                              std::string_view path);

  /// Returns whether a mount shows a directory or what is below it, or was made
  /// there, or was made on such a mount.
  /// @param top The mount to stop at, which and what is above which does not
  ///            count; 0 for none.
  bool is_inside(const mounted_entry& mount, const mount_place& place,
                 std::uint64_t top = 0) const;

  /// Returns the mounts that a recursive bind of `path` takes along, parents
  /// first; without the mount itself that `path` is seen through.
  std::vector<const mounted_entry*> below(const mounted_entry& mount,
                                          std::string_view path) const;

private:
  std::vector<mounted_entry> table_;
  std::unordered_map<std::uint64_t, std::size_t> by_id_;
};

/// What is wanted of a mount table.
enum class mount_details : std::uint8_t {
  all,
  /// Ids, parents, devices, roots and mount points: takes half as long.
  places,
};

/// Reads the mount table that the calling thread sees.
result<mount_places> read_mount_places(mount_details wanted
                                       = mount_details::all);

/// Returns whether somebody who sees `mount` from its directory `from` on can
/// get to `place`, or would if nothing were mounted there.
bool shows(const mounted_entry& mount, std::string_view from,
           const mount_place& place);

} // namespace fsshare
