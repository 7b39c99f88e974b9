// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <sys/types.h>

namespace fsshare::test {

/// An automount point and the process that mounts a tmpfs on it, with a file
/// `key` in it, once somebody walks there; as automount(8) and systemd do.
class automounter {
public:
  /// @param dir An existing directory of this mount namespace.
  explicit automounter(const std::string& dir);
  /// Ends the process; the mounts go with the test's.
  ~automounter();
  automounter(const automounter&) = delete;
  automounter& operator=(const automounter&) = delete;

  /// Why there is none: the kernel cannot. Empty otherwise.
  const std::string& unavailable() const {
    return unavailable_;
  }

private:
  std::string unavailable_;
  pid_t pid_ = -1;
};

} // namespace fsshare::test
