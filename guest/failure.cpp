// SPDX-License-Identifier: Apache-2.0
#include "guest/failure.hpp"

#include "sys/standin/os_result.hpp"

#include <string>

namespace fsshare::guest {

namespace {

status failure(std::string_view what, std::string text) {
  if (what.empty())
    return error{errc::internal, std::move(text)};
  return error{errc::internal, std::string{what} + ": " + text};
}

} // namespace

status io_status(std::string_view what, std::errc error) {
  if (error == std::errc{})
    return unit{};
  return failure(what, errno_text(error) + " (os error "
                         + std::to_string(static_cast<int>(error)) + ")");
}

status nix_status(std::string_view what, std::errc error) {
  if (error == std::errc{})
    return unit{};
  return failure(what, errno_name(error) + ": " + errno_text(error));
}

} // namespace fsshare::guest
