// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace fsshare::test {

/// A program that a test runs. It gets nothing to read; what it prints can be
/// read line by line, what it complains about is kept. It is killed if it still
/// runs at the end, and if the test dies. Functions throw when a deadline
/// passes or the system refuses, which fails the test.
class child_process {
public:
  using duration = std::chrono::milliseconds;

  /// Far more than anything here takes, so that only a hang is hit by it.
  static constexpr duration patience = std::chrono::seconds{30};

  /// Starts `argv[0]`, a path, with these arguments and our environment.
  explicit child_process(std::vector<std::string> argv);
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Returns the next line of its standard output, without the newline; nothing
  /// at its end.
  std::optional<std::string> read_line(duration limit = patience);

  /// Returns the rest of its standard output, up to its end.
  std::string read_rest(duration limit = patience);

  /// Returns what it has written to its standard error so far.
  std::string errors() const;

  /// Sends a signal, such as SIGTERM; nothing once it has ended.
  void signal(int number);

  /// Stops it, and returns when none of its threads does anything any more;
  /// some may after SIGSTOP was sent. SIGCONT has it go on.
  void stop();

  /// Waits for its end and returns its exit code, or 128 and the number of the
  /// signal that ended it. Idempotent.
  int wait(duration limit = patience);

  /// Sends SIGTERM and waits.
  int terminate(duration limit = patience);

  int pid() const {
    return pid_;
  }

private:
  using time_point = std::chrono::steady_clock::time_point;

  // Collects what it prints; false at its end.
  bool read_some(time_point deadline);

  int pid_ = -1;
  unique_fd output_;
  unique_fd errors_;
  std::string pending_;
  std::optional<int> exit_code_;
};

/// How a program ended that ran to its end by itself.
struct finished_process {
  int exit_code = -1;
  std::string output;
  std::string errors;
};

/// Runs a program to its end.
finished_process run_process(std::vector<std::string> argv,
                             child_process::duration limit
                             = child_process::patience);

} // namespace fsshare::test
