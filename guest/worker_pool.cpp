// SPDX-License-Identifier: Apache-2.0
#include "guest/worker_pool.hpp"

#include <algorithm>

namespace fsshare::guest {

worker_pool::worker_pool(unsigned workers) {
  threads_.reserve(std::max(workers, 1U));
  for (auto left = std::max(workers, 1U); left > 0; --left)
    threads_.emplace_back([this] {
      work();
    });
}

worker_pool::~worker_pool() {
  stop();
}

void worker_pool::run(job what) {
  {
    const std::lock_guard guard{mutex_};
    if (is_stopping_)
      return;
    jobs_.push_back(std::move(what));
  }
  changed_.notify_one();
}

void worker_pool::stop() {
  std::deque<job> dropped;
  {
    const std::lock_guard guard{mutex_};
    is_stopping_ = true;
    dropped.swap(jobs_);
  }
  changed_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable())
      thread.join();
}

void worker_pool::work() {
  for (;;) {
    job next;
    {
      std::unique_lock guard{mutex_};
      changed_.wait(guard, [this] {
        return is_stopping_ || !jobs_.empty();
      });
      if (is_stopping_)
        return;
      next = std::move(jobs_.front());
      jobs_.pop_front();
    }
    next();
  }
}

} // namespace fsshare::guest
