// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>

namespace fsshare::siege {

/// A running fsshared whose log is a pipe that is read once in a while, and
/// whose memory is looked at five times a second.
class besieged_node {
public:
  /// Starts it and waits until it takes calls; throws if it does not.
  /// @param dir An empty directory for all its files.
  explicit besieged_node(const std::string& dir);
  ~besieged_node();
  besieged_node(const besieged_node&) = delete;
  besieged_node& operator=(const besieged_node&) = delete;

  const std::string& socket() const {
    return socket_;
  }
  const std::string& share_root() const {
    return share_root_;
  }
  test::child_process& program() {
    return *program_;
  }
  /// Whether nobody reads the log from now on.
  void stall_log(bool stalls) {
    log_stalls_ = stalls;
  }
  /// Returns the most resident memory that was seen.
  std::size_t peak_rss_kib() const {
    return peak_rss_kib_;
  }

private:
  std::string write_config(const std::string& dir) const;
  void start(const std::string& dir);
  void attend();
  std::string read_log();

  std::string socket_;
  std::string share_root_;
  unique_fd log_;
  std::optional<test::child_process> program_;
  std::atomic<bool> log_stalls_{false};
  std::atomic<bool> is_ending_{false};
  std::atomic<std::size_t> peak_rss_kib_{0};
  std::thread attendant_;
};

} // namespace fsshare::siege
