// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fsshare::guest {

/// Threads that take jobs from one queue; with more than one, jobs run at the
/// same time and end in any order. All functions may be called from any thread.
class worker_pool {
public:
  using job = std::function<void()>;

  /// Starts the threads, at least one.
  explicit worker_pool(unsigned workers);
  /// Like stop().
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  /// Runs `what` once in one of the threads; it must not throw.
  void run(job what);

  /// Ends the threads after the jobs that have begun; the others are dropped.
  /// Idempotent, but for one caller at a time and not from a job.
  void stop();

private:
  void work();

  std::mutex mutex_; // guards the queue
  std::condition_variable changed_;
  std::deque<job> jobs_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace fsshare::guest
