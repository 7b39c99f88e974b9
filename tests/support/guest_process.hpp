// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/guest_address.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fsshare::test {

/// Returns the path of fsshare-guest.
std::string guest_program();

/// A running fsshare-guest with an empty share of its own.
class guest_process {
public:
  /// Starts it with further options, and waits until it listens.
  explicit guest_process(std::vector<std::string> options = {});

  /// Kills it, and starts it with other options; address and share stay.
  void restart(std::vector<std::string> options = {});

  /// Returns where it listens: a unix socket.
  const guest_address& address() const {
    return address_;
  }
  /// Returns the directory that stands for its share.
  const std::string& root() const {
    return root_;
  }
  /// Returns a directory for other files of the test.
  const temp_dir& dir() const {
    return dir_;
  }
  child_process& process() {
    return *process_;
  }

private:
  temp_dir dir_;
  std::string root_;
  guest_address address_;
  std::optional<child_process> process_;
};

} // namespace fsshare::test
