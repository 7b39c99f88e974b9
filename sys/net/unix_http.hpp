// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/http_response.hpp"
#include "core/result.hpp"

#include <chrono>
#include <string>

namespace fsshare {

/// A call of an HTTP API behind a unix socket.
struct http_request {
  /// Such as `POST`.
  std::string method;
  /// Path and query, encoded.
  std::string target;
  /// Sent as application/json unless empty.
  std::string body;
};

/// Makes one call over a connection of its own, with the host name `unix`, and
/// waits for the answer; blocks.
/// @param within Longest time for all of it, however slowly the answer comes.
/// @returns `errc::not_found` if nobody listens on the socket;
///          `errc::deadline_exceeded` after `within`, and the call may still
///          take effect; `errc::unavailable` for a connection that ended
///          early or does not speak HTTP, `errc::resource_exhausted` for an
///          answer beyond the limits of http_response_reader.
result<http_answer> call_unix_http(const std::string& socket,
                                   const http_request& request,
                                   std::chrono::milliseconds within);

} // namespace fsshare
