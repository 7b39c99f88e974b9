// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/data_observer.hpp"
#include "tests/support/repeating_client.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace fsshare::churn {

/// A guest's copy of a volume.
struct shared_copy {
  using time_point = test::data_observer::clock::time_point;

  std::string container;
  /// Its number on the host.
  std::size_t volume = 0;
  /// As the guest calls it.
  std::string guest_path;
  /// Where it lies on this machine.
  std::string dir;
  /// Its number in the observer.
  std::size_t observed = 0;
  /// When it was whole.
  time_point from;
  /// When it was given up.
  std::optional<time_point> until = std::nullopt;
};

/// A volume that a container is to have.
struct wanted_volume {
  std::size_t number = 0;
  /// Where it lies on the host.
  std::string dir;
};

/// The shim of one sandbox: asks the node agent for one thing after the other,
/// in a thread of its own, and keeps what it got. What it is told to do is done
/// in order, later. A node agent that is gone is waited for.
class shim {
public:
  /// Prepares the sandbox; throws if that fails.
  /// @param guest_root Where the guest's share lies on this machine.
  shim(std::string sandbox, const std::string& socket,
       const std::string& guest_address, std::string guest_root,
       test::data_observer& observer);
  ~shim();
  shim(const shim&) = delete;
  shim& operator=(const shim&) = delete;

  /// Shares volumes with a new container.
  void add_container(const std::string& id,
                     const std::vector<wanted_volume>& volumes);
  void remove_container(const std::string& id);
  void run_watcher(bool runs);
  void clean_up();

  /// Waits until all of it was done.
  void drain();

  /// Returns the copies that were ever made.
  std::vector<shared_copy> copies() const;
  /// Returns the number of shares that failed as the trouble of the guest makes
  /// them fail.
  std::size_t refused() const;
  /// Returns what else failed.
  std::vector<std::string> failures() const;

  const std::string& sandbox() const {
    return sandbox_;
  }

private:
  using job = std::function<void()>;

  void later(job what);
  void work();
  void share(const std::string& container, const wanted_volume& volume);
  void unshare(const std::string& container);
  void note_failure(const error& why);

  const std::string sandbox_;
  const std::string guest_root_;
  test::repeating_client client_;
  test::data_observer& observer_;

  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::deque<job> jobs_;
  bool is_busy_ = false;
  bool is_ending_ = false;
  std::vector<shared_copy> copies_;
  std::size_t refused_ = 0;
  std::vector<std::string> failures_;

  std::thread thread_;
};

} // namespace fsshare::churn
