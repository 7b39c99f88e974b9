// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/notified_calls.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace fsshare::test {

/// Stops system calls as they begin, as a filesystem does whose server is
/// asked and does not answer (seccomp_unotify(2)).
class held_calls final : private notified_calls {
public:
  /// Runs `scenario` in a thread that gives way to this; threads and programs
  /// that it starts do, too. Ends with the scenario; what is held goes on then.
  static void run(int number, const std::function<void(held_calls&)>& scenario);
  /// The same of calls with that first argument, such as prctl(2) has.
  static void run(int number, unsigned argument,
                  const std::function<void(held_calls&)>& scenario);

  /// Holds the next call from now on; those after it go on.
  /// @param passed How many go on before it.
  void hold_next(std::size_t passed = 0);
  /// Waits until a call is held; false if none comes.
  bool await_held();
  /// Lets it go on.
  void release();

private:
  held_calls() = default;
  void take(const seccomp_notif& call) override;
  void ended() override;

  std::mutex mutex_;
  std::condition_variable changed_;
  /// How many calls go on before one is held.
  std::optional<std::size_t> passed_;
  std::optional<std::uint64_t> held_;
};

} // namespace fsshare::test
