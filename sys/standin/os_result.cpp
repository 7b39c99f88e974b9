// SPDX-License-Identifier: Apache-2.0
#include "sys/standin/os_result.hpp"

#include <cerrno>
#include <cstring>

namespace fsshare {

std::errc last_errno() noexcept {
  return static_cast<std::errc>(errno);
}

std::errc outcome_of(int returned) noexcept {
  return returned < 0 ? last_errno() : std::errc{};
}

std::string errno_name(std::errc error) {
  if (const auto* name = ::strerrorname_np(static_cast<int>(error)))
    return name;
  return std::to_string(static_cast<int>(error));
}

std::string errno_text(std::errc error) {
  if (const auto* text = ::strerrordesc_np(static_cast<int>(error)))
    return text;
  return "errno " + std::to_string(static_cast<int>(error));
}

} // namespace fsshare
