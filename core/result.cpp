// SPDX-License-Identifier: Apache-2.0
#include "core/result.hpp"

#include <array>

namespace fsshare {

namespace {

constexpr std::array names{
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
};
static_assert(names.size() == static_cast<size_t>(errc::unauthenticated) + 1);

} // namespace

const char* to_string(errc code) noexcept {
  const auto i = static_cast<size_t>(code);
  return i < names.size() ? names[i] : "UNKNOWN";
}

errc to_errc(int wire_value) noexcept {
  if (wire_value < 0 || static_cast<size_t>(wire_value) >= names.size())
    return errc::unknown;
  return static_cast<errc>(wire_value);
}

status both(const status& first, const status& second) {
  if (first || second)
    return first ? second : first;
  return error{first.err().code,
               first.err().message + "; " + second.err().message};
}

} // namespace fsshare
