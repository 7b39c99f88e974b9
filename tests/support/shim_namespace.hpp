// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/mountinfo.hpp"
#include "sys/unique_fd.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace fsshare::test {

/// What receives mounts in a namespace, and passes them on.
enum class namespace_kind {
  /// As both of Kata's shims make theirs: what is mounted outside comes, what
  /// is mounted inside goes nowhere but to namespaces made of it.
  shim,
  /// As virtiofsd makes its: nothing goes anywhere.
  file_server,
};

/// A process in a mount namespace of its own, that is a copy of another one. It
/// does nothing, and ends with the test, even if that is killed.
class shim_namespace {
public:
  /// Copies that of the calling thread.
  explicit shim_namespace(namespace_kind kind = namespace_kind::shim);
  /// Copies that of a process.
  shim_namespace(namespace_kind kind, const shim_namespace& of);
  ~shim_namespace();
  shim_namespace(const shim_namespace&) = delete;
  shim_namespace& operator=(const shim_namespace&) = delete;

  pid_t pid() const {
    return pid_;
  }
  /// What Prepare is told.
  std::string path() const {
    return "/proc/" + std::to_string(pid_) + "/ns/mnt";
  }
  /// Returns a path that leads to `path` as that process sees it.
  std::string operator/(std::string_view path) const;
  std::vector<mounted_entry> mounts() const;

  /// Does something in the namespace, in a process of its own; throws where
  /// that throws.
  void run(const std::function<void()>& what) const;

  /// Mounts a tmpfs there with a file in it.
  void mount_tmpfs(const std::string& path, const std::string& name,
                   const std::string& text) const;

  /// Ends it like a crash. It stays a zombie until reap() or the end.
  void kill();
  void reap();

private:
  void begin(namespace_kind kind, const char* from);

  pid_t pid_ = -1;
};

/// Tells when a file system has been unmounted everywhere, without holding it.
class unmount_watch {
public:
  /// @param path On the file system.
  explicit unmount_watch(const std::string& path);

  /// Waits; false when it is still in use after long.
  bool is_gone();

private:
  unique_fd events_;
};

} // namespace fsshare::test
