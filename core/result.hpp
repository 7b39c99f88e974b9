// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace fsshare {

/// Every way an operation can fail. The values are those of google.rpc.Code,
/// which ttrpc carries in its status, so that no table translates them.
enum class errc : unsigned char {
  none = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

/// Returns the upper-case name of google.rpc.Code, such as `NOT_FOUND`.
const char* to_string(errc code) noexcept;

/// Returns the code of a wire value; values that nobody assigned are UNKNOWN.
errc to_errc(int wire_value) noexcept;

/// A failed operation: the code to branch on and the sentence to read.
struct error {
  errc code = errc::unknown;
  /// What was tried on what, and why it failed, such as
  /// `bind mount /a -> /b: Operation not permitted`. Never file contents.
  std::string message;

  /// Returns the same error with `what: ` put before its sentence.
  error within(const std::string& what) const {
    return {code, what + ": " + message};
  }
};

inline bool operator==(const error& x, const error& y) {
  return x.code == y.code && x.message == y.message;
}

/// Either a value or the reason why there is none.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : value_(std::in_place_index<0>, std::move(value)) {
  }
  result(error err) : value_(std::in_place_index<1>, std::move(err)) {
  }
  explicit operator bool() const noexcept {
    return value_.index() == 0;
  }
  T& operator*() & {
    return std::get<0>(value_);
  }
  const T& operator*() const& {
    return std::get<0>(value_);
  }
  T&& operator*() && {
    return std::get<0>(std::move(value_));
  }
  T* operator->() {
    return &std::get<0>(value_);
  }
  const T* operator->() const {
    return &std::get<0>(value_);
  }
  const error& err() const {
    return std::get<1>(value_);
  }

private:
  std::variant<T, error> value_;
};

/// The success value of operations that only can fail.
struct unit {};

/// What an operation returns that yields nothing but may fail.
using status = result<unit>;

/// Returns what became of two things that were both tried: the code of the
/// first failure and the sentences of all.
status both(const status& first, const status& second);

} // namespace fsshare
