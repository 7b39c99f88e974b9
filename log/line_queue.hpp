// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "core/log_settings.hpp"

namespace fsshare::log {

/// A line on its way to whoever writes it.
struct queued_line {
  log_level level = log_level::info;
  std::chrono::system_clock::time_point at;
  std::string text;
};

/// Lines between those who log, who never wait, and the one thread that writes,
/// which may hang in a pipe that nobody reads. What does not fit is counted
/// and dropped. All functions may be called from any thread.
class line_queue {
public:
  static constexpr std::size_t max_lines = 8192;
  static constexpr std::size_t max_bytes = std::size_t{2} << 20;

  /// What the writer has to do next.
  struct next {
    /// Empty when it is woken up for another reason.
    std::deque<queued_line> lines;
    /// Lines that were dropped after these.
    std::uint64_t dropped = 0;
    bool is_over = false;
  };

  /// Takes a line, or counts it as dropped.
  void push(queued_line line);

  /// Waits until there are lines, the end or `until`, and takes all there is.
  next wait(std::chrono::steady_clock::time_point until);

  /// Lets the writer finish and waits until it has, `limit` at most.
  /// @returns whether everything was written.
  bool end(std::chrono::milliseconds limit);

  /// Tells end() that the writer has written its last line.
  void written();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable finished_;
  std::deque<queued_line> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool is_over_ = false;
  bool is_written_ = false;
};

} // namespace fsshare::log
