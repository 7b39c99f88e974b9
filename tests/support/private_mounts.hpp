// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/mountinfo.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace fsshare::test {

/// Whether the file system that a test works on passes mount events on, as the
/// root of a host with systemd does.
enum class parent_mount { closed, shared };

/// A mount namespace of the test's own, with an empty tmpfs to work on; gone
/// with all mounts at the end. Without root it lies in a user namespace. For
/// processes with one thread; several one after the other are fine.
class private_mounts {
public:
  explicit private_mounts(parent_mount parent = parent_mount::closed);
  ~private_mounts();
  private_mounts(const private_mounts&) = delete;
  private_mounts& operator=(const private_mounts&) = delete;

  /// Why there is no namespace: neither root nor user namespaces. Empty
  /// otherwise; a test that finds a reason prints it and ends.
  const std::string& unavailable() const {
    return unavailable_;
  }

  const std::string& path() const {
    return path_;
  }
  /// Returns the path of `name` in the tmpfs; `name` may have slashes.
  std::string operator/(std::string_view name) const;
  /// Makes a directory and those above it; returns its path.
  std::string make_dir(std::string_view name) const;
  /// Writes a file, making the directories above it; returns its path.
  std::string write(std::string_view name, std::string_view text) const;
  /// Mounts another tmpfs.
  /// @param flags MS_* of mount(2).
  std::string mount_tmpfs(std::string_view name, unsigned long flags = 0) const;

private:
  std::string unavailable_;
  std::string path_;
};

/// Binds without any of our own code, as another program would.
/// @param flags MS_* beside MS_BIND.
void bind_by_hand(const std::string& source, const std::string& target,
                  unsigned long flags = 0);

/// Takes a mount out of its peer group.
void make_private_by_hand(const std::string& target);

/// Makes a mount pass on what happens to it.
void make_shared_by_hand(const std::string& target);

/// Unmounts what is on top of `target`.
void unmount_by_hand(const std::string& target);

/// A process in a mount namespace that receives what is mounted outside, as
/// virtiofsd in its sandbox does.
class slave_namespace {
public:
  slave_namespace();
  ~slave_namespace();
  slave_namespace(const slave_namespace&) = delete;
  slave_namespace& operator=(const slave_namespace&) = delete;

  /// Returns a path that leads to `path` as that process sees it.
  std::string operator/(std::string_view path) const;
  std::vector<mounted_entry> mounts() const;

private:
  pid_t pid_ = -1;
  int end_ = -1;
};

/// Returns a path that leads to `path` as a process sees it.
std::string seen_by(pid_t pid, std::string_view path);

/// Returns the mounts that a process sees; throws if they cannot be read.
std::vector<mounted_entry> mounts_of(pid_t pid);

/// Returns the mounts in the directories that private_mounts makes; throws if
/// they cannot be read. Others go meanwhile, whatever the namespace, where
/// another program removes the directories that they are mounted on.
std::vector<mounted_entry> mount_table();

/// Returns what is on top at `mount_point`; throws if nothing is mounted there.
mounted_entry mount_at(const std::vector<mounted_entry>& table,
                       std::string_view mount_point);

/// Returns whether anything is mounted exactly there.
bool has_mount(const std::vector<mounted_entry>& table,
               std::string_view mount_point);

/// Opens for writing and closes again.
/// @returns errno, 0 when it can be written.
int write_failure(const std::string& path);

/// Returns whether something of that name exists, links not followed.
bool exists(const std::string& path);

/// Returns the paths of everything below `dir`, sorted; mounts are entered.
std::vector<std::string> tree_of(const std::string& dir);

} // namespace fsshare::test
