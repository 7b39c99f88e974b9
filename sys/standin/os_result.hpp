// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <system_error>
#include <utility>

namespace fsshare {

/// What a thin wrapper of a system call returns: its value, or the errno that
/// its caller has to branch on.
template <class T>
class [[nodiscard]] os_result {
public:
  os_result(T value) : value_(std::move(value)) {
  }
  os_result(std::errc error) : error_(error) {
  }
  explicit operator bool() const noexcept {
    return error_ == std::errc{};
  }
  T& operator*() noexcept {
    return value_;
  }
  const T& operator*() const noexcept {
    return value_;
  }
  T* operator->() noexcept {
    return &value_;
  }
  const T* operator->() const noexcept {
    return &value_;
  }
  /// The errno; zero for success.
  std::errc err() const noexcept {
    return error_;
  }

private:
  T value_{};
  std::errc error_{};
};

/// Returns errno as the last failed call of this thread left it.
std::errc last_errno() noexcept;

/// Returns errno if a call returned a negative number, else success.
std::errc outcome_of(int returned) noexcept;

/// Returns the symbolic name of an errno, such as `ENOENT`.
std::string errno_name(std::errc error);

/// Returns the text of an errno, such as `No such file or directory`.
std::string errno_text(std::errc error);

} // namespace fsshare
