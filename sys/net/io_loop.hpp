// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fsshare {

/// What an fd is ready for; values of EPOLLIN and its like (epoll_ctl(2)).
using readiness = std::uint32_t;
constexpr readiness readable = 0x001;
/// Of a mount table: it has changed (proc(5)).
constexpr readiness urgent = 0x002;
constexpr readiness writable = 0x004;
/// Failure and hang-up are always reported, asked for or not.
constexpr readiness failed = 0x008;
constexpr readiness hung_up = 0x010;

/// One thread that waits for all fds and timers of the program. All functions
/// may be called from any thread and take effect in the order of the calls;
/// callbacks run in the thread of the loop and must not block. One that throws
/// concerns nobody else: it is reported, the others go on.
class io_loop {
public:
  /// Names an fd or a timer; never used again.
  using id = std::uint64_t;
  using task = std::function<void()>;
  using on_ready = std::function<void(readiness)>;

  /// Gets what a callback threw, in the thread of the loop.
  using report = std::function<void(const std::string& what)>;

  /// Starts the thread.
  /// @param failures Without it what a callback throws ends the process.
  /// @throws std::system_error if the kernel gives no epoll instance.
  explicit io_loop(report failures = nullptr);
  /// Like stop(). Not to be run in the thread of the loop.
  ~io_loop();
  io_loop(const io_loop&) = delete;
  io_loop& operator=(const io_loop&) = delete;

  /// Calls `on` whenever `fd` is ready for one of `events`, level-triggered.
  /// @param fd Borrowed. It must stay open until `on` has been destroyed, which
  ///        happens in the thread of the loop after del(), or at the stop:
  ///        let `on` own a share of it.
  id add(int fd, readiness events, on_ready on);

  /// Changes what an fd is waited for. Ignored after del().
  void mod(id which, readiness events);

  /// Ends the waiting for an fd; a callback that is already due may still
  /// begin. Idempotent.
  void del(id which);

  /// Calls `what` once in the thread of the loop.
  void post(task what);

  /// Calls `what` once after `delay`.
  id after(std::chrono::nanoseconds delay, task what);

  /// Ends a timer; one that is already due may still fire. Idempotent.
  void cancel(id timer);

  /// Ends the thread, dropping all fds, timers and posted tasks without
  /// calling them; later calls do nothing. Idempotent. In the thread of the
  /// loop it only asks for the end.
  void stop();

  bool is_loop_thread() const;

private:
  using time_point = std::chrono::steady_clock::time_point;

  struct entry {
    int fd = -1;
    on_ready on;
  };

  template <class Call>
  void guarded(Call call);
  void run();
  void dispatch(id which, readiness events);
  void run_posted();
  void fire_timers();
  int wait_ms() const;
  void clear();

  const report failures_;
  unique_fd epoll_;
  unique_fd wake_;
  std::atomic<id> next_{1};
  std::atomic<bool> is_woken_{false};
  std::atomic<std::thread::id> loop_thread_;

  std::mutex mutex_; // guards the queue
  std::vector<task> posted_;
  bool is_closed_ = false;

  // Touched by the thread of the loop only.
  bool is_stopping_ = false;
  std::unordered_map<id, std::shared_ptr<entry>> entries_;
  std::map<std::pair<time_point, id>, task> timers_;
  std::unordered_map<id, time_point> due_;

  std::mutex join_mutex_; // lets two threads call stop() at once
  std::thread thread_;
};

} // namespace fsshare
