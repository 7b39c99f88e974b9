// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <string>
#include <utility>

namespace fsshare {

/// A claim on a file or directory that ends with the process, however it ends
/// (flock(2)). Others see it from every mount and PID namespace: it belongs to
/// the inode. Where something that was left of a process still keeps its claim,
/// a file beside it, `NAME-INODE`, is claimed in its place.
class instance_lock {
public:
  /// Claims a directory that is there.
  /// @param what Begins the sentence, such as `share root`.
  /// @returns `errc::already_exists` naming who has it, as far as /proc tells.
  static result<instance_lock> on_directory(const std::string& what,
                                            const std::string& path);

  /// Claims a file, which is made if needed and stays: to remove it would let
  /// two hold locks of one name.
  static result<instance_lock> on_file(const std::string& what,
                                       const std::string& path);

  /// Returns the process that has claimed a directory; 0 for none, and where
  /// that cannot be told.
  static int holder_of_directory(const std::string& path);

private:
  explicit instance_lock(unique_fd fd) : fd_(std::move(fd)) {
  }

  unique_fd fd_;
};

} // namespace fsshare
