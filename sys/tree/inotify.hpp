// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace fsshare {

/// Places and removes watches on directories. The seam between INOTIFY READER
/// and the kernel.
class watch_api {
public:
  virtual ~watch_api() = default;

  /// Watches the directory `path` itself and the names in it, nothing below.
  /// Watching the same directory again, by whatever path, is no error and
  /// yields the same descriptor.
  /// @returns the watch descriptor. `errc::resource_exhausted` names the sysctl
  ///          whose limit was reached.
  virtual result<int> add(const std::string& path) = 0;

  /// The same for what appears in the directory `path`, by whatever means.
  virtual result<int> add_entries(const std::string& path) = 0;

  /// Removes a watch. Events that were queued before still come.
  virtual status remove(int wd) = 0;
};

/// The node's one inotify instance: the kernel allows 128 per user by default
/// (fs.inotify.max_user_instances), shared with all other programs.
class kernel_watch_api final : public watch_api {
public:
  /// Opens a non-blocking instance.
  static result<std::unique_ptr<kernel_watch_api>> open();

  result<int> add(const std::string& path) override;
  result<int> add_entries(const std::string& path) override;
  status remove(int wd) override;

  /// Returns the descriptor, which becomes readable when events are queued; it
  /// stays owned by this object.
  int fd() const {
    return fd_.get();
  }

  /// Reads queued events, at most 64 KiB and whole ones only; empty if there
  /// are none. Any thread, beside add() and remove() in another.
  result<bytes> read_available() const;

private:
  explicit kernel_watch_api(unique_fd fd);
  result<int> add(const std::string& path, std::uint32_t events);

  unique_fd fd_;
};

/// A watch that was placed and is to be taken by whoever keeps count of them.
/// One that nobody takes, since nobody waits for it any more, ends with its
/// last reference. If others watch the same directory their watch ends, too,
/// which they are told by IN_IGNORED.
class placed_watch {
public:
  placed_watch(std::shared_ptr<watch_api> watches, int wd)
    : watches_(std::move(watches)), wd_(wd) {
  }
  ~placed_watch() {
    if (!taken_)
      static_cast<void>(watches_->remove(wd_));
  }
  placed_watch(const placed_watch&) = delete;
  placed_watch& operator=(const placed_watch&) = delete;

  int wd() const {
    return wd_;
  }

  /// Returns the watch descriptor, which is the caller's to remove now.
  int take() {
    taken_ = true;
    return wd_;
  }

private:
  std::shared_ptr<watch_api> watches_;
  int wd_;
  bool taken_ = false;
};

/// A kernel_watch_api that is opened when it can be: at first by open(), and
/// while that fails, by every add(). Any thread.
class late_watch_api final : public watch_api {
public:
  using on_open = std::function<void(std::shared_ptr<kernel_watch_api>)>;

  /// @param opened Called once, by whoever calls open() or add() then.
  explicit late_watch_api(on_open opened);

  /// Idempotent. Fails as kernel_watch_api::open() does.
  status open();

  result<int> add(const std::string& path) override;
  result<int> add_entries(const std::string& path) override;
  status remove(int wd) override;

private:
  result<std::shared_ptr<kernel_watch_api>> kernel();

  on_open opened_;
  std::mutex mutex_;
  std::shared_ptr<kernel_watch_api> kernel_;
};

} // namespace fsshare
