// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/siege/hostile_guest.hpp"
#include "tests/support/rotator.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace fsshare::siege {

/// A sandbox in copy mode whose guest agent is hostile, with a shim that asks
/// again and again for what the guest agent spoils: shares of a volume, which
/// rotates meanwhile, and their ends.
class hostile_sandbox {
public:
  /// Prepares it; throws if that fails.
  /// @param socket Of the control API.
  /// @param dir An existing directory for the guest's socket and the volume.
  hostile_sandbox(const std::string& socket, const std::string& dir,
                  guest_attack how);
  ~hostile_sandbox();
  hostile_sandbox(const hostile_sandbox&) = delete;
  hostile_sandbox& operator=(const hostile_sandbox&) = delete;

  const std::string& id() const {
    return id_;
  }
  const hostile_guest& guest() const {
    return guest_;
  }

private:
  void run(const std::string& socket);

  std::string id_;
  std::string volume_;
  hostile_guest guest_;
  test::rotator kubelet_;
  std::atomic<bool> is_ending_{false};
  std::thread shim_;
};

} // namespace fsshare::siege
