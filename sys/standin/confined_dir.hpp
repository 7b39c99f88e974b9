// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/standin/os_result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace fsshare {

/// What becomes of a path that leads out of the directory it is confined to,
/// by `..` or by a symlink on its way (openat2(2)).
enum class confinement : std::uint8_t {
  /// As after chroot(2): it goes on at the directory itself.
  in_root,
  /// It fails with EXDEV.
  beneath,
};

/// A directory that paths are looked up in and never leave. Needs openat2(2)
/// of Linux 5.6. Safe to use from many threads at once.
///
/// Paths are relative, with `/` between components; the empty one is the
/// directory itself. A path with a NUL byte fails with EINVAL.
class confined_dir {
public:
  /// @returns the code and sentence of open(2) if `path` is no directory that
  ///          can be opened.
  static result<confined_dir> open(const std::string& path);

  /// Returns a handle (O_PATH) on what `path` names, all links followed.
  os_result<unique_fd> find(const std::string& path, confinement how) const;

  /// As find(), but ENOTDIR unless it is a directory.
  os_result<unique_fd> find_dir(const std::string& path, confinement how) const;

  /// How open_file() opens.
  struct file_options {
    /// Permissions of a file that has to be created, subject to the umask.
    std::uint32_t mode = 0;
    bool truncate = false;
  };

  /// Opens a file for writing, all links followed; creates it if it is missing.
  /// Never waits: a FIFO that nobody reads is ENXIO.
  os_result<unique_fd> open_file(const std::string& path, confinement how,
                                 file_options options) const;

private:
  explicit confined_dir(unique_fd dir);

  os_result<unique_fd> open_at(const std::string& path, int flags,
                               std::uint32_t mode, confinement how) const;

  unique_fd dir_;
};

} // namespace fsshare
