#pragma once

#include "sys/unique_fd.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace fsshare::demo {

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
  explicit data_observer(std::vector<std::string> dirs);
  ~data_observer();
  data_observer(const data_observer&) = delete;
  data_observer& operator=(const data_observer&) = delete;

  /// Returns what was seen so far in the directory of that index, in order.
  std::vector<sighting> seen(std::size_t dir) const;

  /// Waits until each directory names a generation for which `wanted` is true.
  /// @returns false if that did not happen in time.
  bool wait_for_all(const std::function<bool(const std::string&)>& wanted,
                    std::chrono::milliseconds limit) const;

private:
  void watch();
  void look();

  std::vector<std::string> dirs_;
  unique_fd events_;
  unique_fd end_;
  mutable std::mutex guard_;
  mutable std::condition_variable changed_;
  std::vector<std::vector<sighting>> seen_;
  std::thread thread_;
};

} // namespace fsshare::demo
