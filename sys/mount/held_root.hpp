// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/mount_identity.hpp"
#include "sys/unique_fd.hpp"

#include <string>

namespace fsshare {

/// The share root, held open from the start. What is below it is reached from
/// here and never by its path, which may lead elsewhere later: somebody mounts
/// over it, turns a link on the way to it, or renames a directory.
class held_root {
public:
  /// Opens the share root, following links: the path is the operator's.
  static result<held_root> open(std::string path);

  const std::string& path() const {
    return path_;
  }
  int fd() const {
    return fd_.get();
  }
  /// Returns whether both are one directory, seen through whatever mounts.
  bool is_same_directory(const held_root& other) const {
    return identity_.is_same_file(other.identity_);
  }

  /// Checks that the path still leads here, so that others find what is mounted
  /// here, and nothing is looked for in the wrong place. A directory that was
  /// deleted and made anew on the same mount is held from then on: nothing can
  /// have stayed in the old one.
  /// @returns `errc::failed_precondition` with a sentence that says what the
  ///          path leads to, `errc::not_found` once the directory is deleted.
  status check();

private:
  held_root(std::string path, unique_fd fd, const mount_identity& identity)
    : path_(std::move(path)), fd_(std::move(fd)), identity_(identity) {
  }

  error elsewhere(int now, const mount_identity& found) const;

  std::string path_;
  unique_fd fd_;
  mount_identity identity_;
};

} // namespace fsshare
