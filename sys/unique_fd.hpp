// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace fsshare {

/// Owns one file descriptor and closes it at the end. Not thread-safe.
class unique_fd {
public:
  unique_fd() = default;
  /// Takes over `fd`; negative means none.
  explicit unique_fd(int fd) noexcept : fd_(fd) {
  }
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {
  }
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other)
      reset(other.release());
    return *this;
  }
  unique_fd(const unique_fd&) = delete;
  unique_fd& operator=(const unique_fd&) = delete;
  ~unique_fd() {
    reset();
  }

  /// Returns the descriptor, which stays owned; -1 if there is none.
  int get() const noexcept {
    return fd_;
  }
  explicit operator bool() const noexcept {
    return fd_ >= 0;
  }
  /// Gives the descriptor up; the caller closes it.
  int release() noexcept {
    return std::exchange(fd_, -1);
  }
  /// Closes the descriptor and owns `fd` instead. Keeps errno.
  void reset(int fd = -1) noexcept;

private:
  int fd_ = -1;
};

} // namespace fsshare
