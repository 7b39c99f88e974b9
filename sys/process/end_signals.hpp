// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace fsshare {

/// The signals that ask a program to end: SIGTERM and SIGINT. They are waited
/// for, not handled; so is SIGHUP, by which others ask it to read its
/// configuration again. Also ignores SIGPIPE: a lost peer is an error of the
/// call.
class end_signals {
public:
  /// Keeps them from this thread and those that it starts from now on; to be
  /// called before any thread starts.
  end_signals();

  /// What came.
  enum class request : std::uint8_t { end, reload };
  struct arrival {
    request what = request::end;
    /// Number of the signal.
    int number = 0;
  };

  /// Waits for one of them.
  arrival wait() const;

  /// The same for a limited time; nothing where none came.
  std::optional<arrival> wait_for(std::chrono::nanoseconds limit) const;

  /// Ends the process with exit code 1, and a sentence on stderr, if it still
  /// runs after that time, or at once when it is asked to end once more. For
  /// the thread that waited.
  static void limit_end(std::chrono::nanoseconds time);
};

/// Ends the process as end_signals::limit_end() does where the start still runs
/// after some time: a library whose thread cannot be made when others of it
/// have been may wait for it for ever.
class start_limit {
public:
  explicit start_limit(std::chrono::nanoseconds time);
  ~start_limit();
  start_limit(const start_limit&) = delete;
  start_limit& operator=(const start_limit&) = delete;
};

} // namespace fsshare
