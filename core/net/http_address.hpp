// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fsshare {

/// Where HTTP is served.
struct http_address {
  /// Socket file; empty where it is TCP.
  std::string path;
  /// IPv4 or IPv6 address in numbers, without brackets.
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const http_address&, const http_address&) = default;
};

/// Reads `ADDRESS:PORT`, `[ADDRESS]:PORT` for IPv6, or `unix://PATH`. Names are
/// none: whoever resolves them may hang.
/// @returns `errc::invalid_argument` naming the address and what is wrong.
result<http_address> parse_http_address(std::string_view text);

/// Writes an address as parse_http_address() reads it.
std::string to_string(const http_address& address);

} // namespace fsshare
