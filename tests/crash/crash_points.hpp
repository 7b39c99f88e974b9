// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/notified_calls.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>

namespace fsshare::test {

/// Whether what a program sends to a peer counts, too.
enum class sending : std::uint8_t { passes, counts };

/// Counts the system calls of other programs that change mounts, names or state
/// files, and kills at any of them.
class crash_points final : private notified_calls {
public:
  /// Runs `scenario` in a thread that gives way to this; programs that it
  /// starts do, too.
  static void run(const std::function<void(crash_points&)>& scenario,
                  sending sends = sending::passes);

  /// Begins to count anew.
  void count();
  /// The same, and kills a program by SIGKILL, as it is about to make a call.
  /// @param pid Its process; whoever makes the call for it is killed, too.
  /// @param passed How many calls are made before that one.
  void kill_at(pid_t pid, std::size_t passed);
  /// Ends that.
  void spare();

  /// Calls since the last count() or kill_at().
  std::size_t calls() const;
  /// The call that a program was killed at; empty for none.
  std::string killed_at() const;

private:
  crash_points() = default;
  void take(const seccomp_notif& call) override;
  void ended() override;

  mutable std::mutex mutex_;
  std::size_t calls_ = 0;
  std::optional<std::size_t> passed_;
  pid_t victim_ = 0;
  std::string killed_at_;
};

/// Returns that only every so many of the points are to be tried, 1 for all, as
/// FSSHARE_CRASH_STRIDE in the environment says.
std::size_t crash_stride();

} // namespace fsshare::test
