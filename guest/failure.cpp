#include "guest/failure.hpp"

#include "sys/os_result.hpp"

#include <string>

namespace fsshare::guest {

status io_status(std::string_view what, std::errc error) {
  if (error == std::errc{})
    return unit{};
  auto text = errno_text(error) + " (os error "
              + std::to_string(static_cast<int>(error)) + ")";
  if (!what.empty())
    text = std::string{what} + ": " + text;
  return fsshare::error{errc::internal, std::move(text)};
}

status nix_status(std::errc error) {
  if (error == std::errc{})
    return unit{};
  return fsshare::error{errc::internal,
                        errno_name(error) + ": " + errno_text(error)};
}

} // namespace fsshare::guest
