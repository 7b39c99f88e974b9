// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace fsshare::test {

/// Carries values from the threads of callbacks to the test. Longest wait: so
/// long that only a broken program needs it.
template <class T>
class inbox {
public:
  void put(T value) {
    // Under the lock: the test may destroy the inbox as soon as it has taken.
    const std::lock_guard guard{mutex_};
    values_.push_back(std::move(value));
    arrived_.notify_all();
  }

  /// Waits for a value; nothing if none comes.
  std::optional<T> take(std::chrono::seconds limit = std::chrono::seconds{20}) {
    std::unique_lock lock{mutex_};
    if (!arrived_.wait_for(lock, limit, [this] {
          return !values_.empty();
        }))
      return std::nullopt;
    std::optional<T> out{std::move(values_.front())};
    values_.pop_front();
    return out;
  }

  bool is_empty() const {
    const std::lock_guard guard{mutex_};
    return values_.empty();
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<T> values_;
};

} // namespace fsshare::test
