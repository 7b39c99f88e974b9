// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/private_mounts.hpp"
#include "tests/support/sandbox_lives.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace fsshare::churn {

/// Shims whose guests share a filesystem with the host. Each makes sandboxes
/// and ends them, one after the other. There are none where nothing can be
/// mounted.
class mounting_shims {
public:
  /// While the program has one thread.
  /// @param dir Where the share root is made if nothing can be mounted.
  explicit mounting_shims(const std::string& dir);
  ~mounting_shims();
  mounting_shims(const mounting_shims&) = delete;
  mounting_shims& operator=(const mounting_shims&) = delete;

  const std::string& share_root() const {
    return share_root_;
  }
  /// Returns why nothing can be mounted; empty if it can.
  const std::string& unavailable() const {
    return unavailable_;
  }

  /// Begins, or goes on.
  void work(const std::string& socket);
  /// Waits until each has ended its sandbox, and closes its connection.
  void rest();

  /// Returns what has failed before the last rest, in lines.
  const std::string& failures() const {
    return failures_;
  }
  /// Returns the mount points below the share root, in lines.
  std::string mounts() const;
  /// Returns how many sandboxes there were.
  int sandboxes() const {
    return sandboxes_;
  }

private:
  std::optional<test::private_mounts> work_;
  std::string unavailable_;
  std::string share_root_;
  std::vector<std::unique_ptr<test::mounting_lives>> shims_;
  std::vector<std::thread> threads_;
  std::string failures_;
  int sandboxes_ = 0;
  std::atomic<int> operations_{0};
  std::atomic<bool> ends_{false};
};

} // namespace fsshare::churn
