// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/mount_namespace.hpp"
#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <memory>
#include <string>
#include <utility>

namespace fsshare {

/// A mount namespace that is held open: it lives for as long, whatever becomes
/// of its processes. So this is made anew for each thing that is done there.
class opened_namespace {
public:
  opened_namespace(unique_fd file, mount_namespace which)
    : file_(std::move(file)), which_(std::move(which)) {
  }
  int fd() const {
    return file_.get();
  }
  const mount_namespace& which() const {
    return which_;
  }

private:
  unique_fd file_;
  mount_namespace which_;
};

using opened_namespace_ptr = std::shared_ptr<const opened_namespace>;

/// Opens the mount namespace that a path leads to.
/// @returns `errc::not_found` where its process has ended,
///          `errc::permission_denied` with the cure, and
///          `errc::invalid_argument` for what is no mount namespace.
result<opened_namespace_ptr> open_namespace(const std::string& path);

/// Opens the mount namespace that was there before.
/// @returns `errc::not_found` where the path leads to another one, too: pids
///          are given out again.
result<opened_namespace_ptr> open_same_namespace(const mount_namespace& known);

/// Lets the calling thread work in a mount namespace, and brings it back at the
/// end to its own, its root directory and its working directory. From the first
/// time on these two are the thread's own (unshare(2), CLONE_FS), as the kernel
/// wants it. Where the way back fails, the process ends with exit code 1:
/// nothing that comes after is to be done in the wrong place.
class entered_namespace {
public:
  /// @returns `errc::permission_denied` with the cure, and
  ///          `errc::failed_precondition` where /proc shows other processes
  ///          there than here.
  static result<std::unique_ptr<entered_namespace>>
  enter(const opened_namespace& where);

  ~entered_namespace();
  entered_namespace(const entered_namespace&) = delete;
  entered_namespace& operator=(const entered_namespace&) = delete;

private:
  entered_namespace(unique_fd own, unique_fd root, unique_fd directory)
    : own_(std::move(own)), root_(std::move(root)),
      directory_(std::move(directory)) {
  }

  unique_fd own_;
  unique_fd root_;
  unique_fd directory_;
};

} // namespace fsshare
