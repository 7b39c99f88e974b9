// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <cstdint>

namespace fsshare {

struct http_connected {
  /// Never used twice in a process.
  std::uint64_t connection = 0;
  /// Not yet started.
  byte_stream_ptr stream;
};

struct http_bytes {
  std::uint64_t connection = 0;
  received_bytes arrived;
};

struct http_closed {
  std::uint64_t connection = 0;
};

struct http_tick {};

} // namespace fsshare

FSSHARE_MESSAGES(http_server, 18, http_connected, http_bytes, http_closed,
                 http_tick)

namespace fsshare {

/// HTTP SERVER: one per process, speaks HTTP to operators' tools and messages
/// to METRICS. Each connection has one request.
using http_server_actor = caf::typed_actor<
  // Takes a client's connection over.
  msg<http_connected>,
  // INTERNAL: what a client sent; ignored if it is gone.
  msg<http_bytes>,
  // INTERNAL: a client went away; ignored if it is gone.
  msg<http_closed>,
  // INTERNAL: a client may have taken too long, or its whole answer.
  msg<http_tick>>;

} // namespace fsshare
