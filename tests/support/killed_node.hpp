// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/control_client.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <optional>
#include <string>

namespace fsshare::test {

/// A node agent that is killed and started again, its files in a directory of
/// its own. Its state files are not where its shares are.
class killed_node {
public:
  /// @param share_root Its share root.
  /// @param more_config Members of the configuration, such as `"copy": {…}`.
  /// @param program Path of fsshared.
  killed_node(const std::string& share_root, const std::string& more_config,
              std::string program = fsshared_program());

  /// Starts it; `is_ready` waits until it takes calls.
  void begin();
  /// Waits until it takes calls.
  /// @returns false if it ended before.
  bool await_calls();
  void start();

  /// Kills it by SIGKILL and waits for its end.
  /// @returns whether it ran until then.
  bool kill();
  /// Waits until it is gone.
  void await_end();

  /// Returns a new connection; throws without one.
  control_client connect() const {
    return control_client{socket_};
  }
  const std::string& socket() const {
    return socket_;
  }
  const std::string& config_file() const {
    return config_;
  }
  std::string state_dir() const {
    return dir_ / "state";
  }
  child_process& program() {
    return *program_;
  }
  /// Returns what it has written to its standard error since it was first
  /// started.
  std::string log() const;

private:
  temp_dir dir_;
  std::string socket_ = dir_ / "api.sock";
  std::string program_path_;
  std::string config_;
  std::optional<child_process> program_;
  /// Of those that have ended.
  std::string earlier_log_;
};

} // namespace fsshare::test
