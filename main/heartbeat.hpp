// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <caf/all.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace fsshare {

/// Signs of life that several owe. Any thread.
class signs_of_life {
public:
  explicit signs_of_life(unsigned wanted) : wanted_(wanted) {
  }

  void give() {
    const std::lock_guard lock{mutex_};
    --wanted_;
    all_.notify_one();
  }

  /// Returns whether all are given in time.
  bool wait(std::chrono::nanoseconds limit) {
    std::unique_lock lock{mutex_};
    return all_.wait_for(lock, limit, [this] {
      return wanted_ == 0;
    });
  }

private:
  std::mutex mutex_;
  std::condition_variable all_;
  unsigned wanted_;
};

/// Gives a sign as soon as a worker runs it, and ends. A class: CAF 0.17 takes
/// apart arguments that an actor made of a function does not have.
class heartbeat final : public caf::event_based_actor {
public:
  heartbeat(caf::actor_config& with, std::shared_ptr<signs_of_life> signs)
    : caf::event_based_actor(with), signs_(std::move(signs)) {
  }

  caf::behavior make_behavior() override {
    signs_->give();
    return {};
  }

private:
  std::shared_ptr<signs_of_life> signs_;
};

} // namespace fsshare
