// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_address.hpp"

#include <charconv>

namespace fsshare {

namespace {

/// Room of sockaddr_un::sun_path (unix(7)) without its NUL byte.
constexpr std::size_t max_path_bytes = 107;

error refused(std::string_view text, const std::string& why) {
  return {errc::invalid_argument,
          "HTTP address '" + std::string{text} + "': " + why};
}

bool is_numeric(std::string_view host, std::string_view digits) {
  return !host.empty()
         && host.find_first_not_of(digits) == std::string_view::npos;
}

} // namespace

result<http_address> parse_http_address(std::string_view text) {
  constexpr std::string_view unix_scheme = "unix://";
  http_address out;
  if (text.starts_with(unix_scheme)) {
    out.path = text.substr(unix_scheme.size());
    if (!out.path.starts_with('/') || out.path.size() > max_path_bytes
        || out.path.find('\0') != std::string::npos)
      return refused(text, "the socket path must be absolute, with 107 bytes "
                           "at most");
    return out;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return refused(text, "there is no port; ADDRESS:PORT or unix://PATH");
  const auto port = text.substr(colon + 1);
  const auto* end = port.data() + port.size();
  const auto read = std::from_chars(port.data(), end, out.port);
  if (read.ec != std::errc{} || read.ptr != end || out.port == 0)
    return refused(text, "the port must be 1 to 65535");
  auto host = text.substr(0, colon);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  if (is_bracketed)
    host = host.substr(1, host.size() - 2);
  if (!is_numeric(host,
                  is_bracketed ? "0123456789abcdefABCDEF:." : "0123456789."))
    return refused(text, "the address must be one of IPv4, or of IPv6 in "
                         "brackets, in numbers");
  out.host = host;
  return out;
}

std::string to_string(const http_address& address) {
  if (!address.path.empty())
    return "unix://" + address.path;
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":"
         + std::to_string(address.port);
}

} // namespace fsshare
