// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

struct seccomp_notif;
struct sock_filter;

namespace fsshare::test {

/// System calls that wait as they begin until this says that they go on
/// (seccomp_unotify(2)).
class notified_calls {
public:
  notified_calls(const notified_calls&) = delete;
  notified_calls& operator=(const notified_calls&) = delete;

protected:
  notified_calls() = default;
  virtual ~notified_calls() = default;

  /// Runs `scenario` in a thread whose calls are told of, as are those of what
  /// it starts. Ends with the scenario, and throws what that throws.
  /// @param filter Says of which calls (SECCOMP_RET_USER_NOTIF).
  void run(std::vector<sock_filter> filter,
           const std::function<void()>& scenario);

  void let_go_on(std::uint64_t id);

private:
  /// Decides about a call; in another thread than the scenario's.
  virtual void take(const seccomp_notif& call) = 0;
  /// The scenario has ended: no call may wait any more.
  virtual void ended() = 0;

  void serve();

  unique_fd listener_;
  std::atomic<bool> is_ending_{false};
};

} // namespace fsshare::test
