// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <string>
#include <vector>

namespace fsshare::test {

/// A running fsshared with all its files and mounts in a directory of its own.
class node_process {
public:
  /// Starts it and waits until it takes calls; throws if it does not.
  /// @param more_config Members of the configuration, such as `"copy": {…}`.
  /// @param launcher What starts it, by a command line that its own follows.
  explicit node_process(const std::string& more_config = {},
                        std::vector<std::string> launcher = {});
  /// Its mounts go with it and its files.
  ~node_process();
  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  const std::string& socket() const {
    return socket_;
  }
  const std::string& share_root() const {
    return share_root_;
  }
  /// Its configuration file.
  std::string config_file() const {
    return dir_ / "config.json";
  }
  child_process& program() {
    return program_;
  }

private:
  std::string write_config(const std::string& more) const;

  temp_dir dir_;
  std::string socket_ = dir_ / "api.sock";
  std::string share_root_ = dir_ / "share";
  child_process program_;
};

/// Returns the path of fsshared.
std::string fsshared_program();

/// Returns the path of fssharectl.
std::string fssharectl_program();

/// Runs fsshared to its end, which it reaches by itself if it refuses to start.
finished_process run_fsshared(std::vector<std::string> arguments);

/// Runs fssharectl to its end.
finished_process run_fssharectl(const std::string& socket,
                                std::vector<std::string> arguments);

} // namespace fsshare::test
