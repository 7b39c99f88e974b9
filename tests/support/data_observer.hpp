// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace fsshare::test {

/// Notes when the `..data` of each of some directories names something else: a
/// thread of its own is woken by inotify and reads the links. The times are at
/// most a wake-up too late, never too early.
class data_observer {
public:
  using clock = std::chrono::steady_clock;

  struct sighting {
    std::string generation;
    clock::time_point at;
  };

  /// Begins with what the directories, which must exist, name now. Throws if
  /// they cannot be watched.
  explicit data_observer(const std::vector<std::string>& dirs = {});
  ~data_observer();
  data_observer(const data_observer&) = delete;
  data_observer& operator=(const data_observer&) = delete;

  /// Observes one more directory, which must exist; at any time, in any thread.
  /// Throws if it cannot be watched.
  /// @returns its index. Those of the constructor count from 0.
  std::size_t add(const std::string& dir);

  /// Returns what was seen so far in the directory of that index, in order.
  std::vector<sighting> seen(std::size_t dir) const;

  /// Waits until each directory names a generation for which `wanted` is true.
  /// @returns false if that did not happen in time.
  bool wait_for_all(const std::function<bool(const std::string&)>& wanted,
                    std::chrono::milliseconds limit) const;

private:
  struct observed {
    std::string dir;
    int watch = -1;
    std::vector<sighting> seen;
  };

  void watch();
  bool read_events();
  void look(const std::set<int>& watches);
  bool look(observed& at);

  unique_fd events_;
  unique_fd end_;
  mutable std::mutex guard_;
  mutable std::condition_variable changed_;
  std::vector<observed> observed_;
  std::thread thread_;
};

} // namespace fsshare::test
