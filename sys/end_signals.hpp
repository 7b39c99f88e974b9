#pragma once

namespace fsshare {

/// The signals that ask a program to end: SIGTERM and SIGINT. They are waited
/// for, not handled. Also ignores SIGPIPE: a lost peer is an error of the call.
class end_signals {
public:
  /// Keeps them from this thread and those that it starts from now on; to be
  /// called before any thread starts.
  end_signals();

  /// Waits for one of them and returns its number.
  int wait() const;

  /// Lets wait() return as if SIGTERM had been sent. Any thread.
  void send() const;

  /// Kills the process if it still runs after so many seconds.
  static void limit_end(unsigned seconds);
};

} // namespace fsshare
