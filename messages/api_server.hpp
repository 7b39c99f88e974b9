// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/owner_types.hpp"
#include "core/net/byte_stream.hpp"
#include "messages/caf_compat.hpp"
#include "messages/metrics.hpp"

#include <cstdint>

namespace fsshare {

struct api_connected {
  /// Never used twice in a process.
  std::uint64_t connection = 0;
  /// Not yet started.
  byte_stream_ptr stream;
  /// The client's user (SO_PEERCRED, unix(7)).
  std::uint32_t uid = 0;
  /// Its process.
  named_owner caller = unknown_owner{"who called is not known"};
};

struct api_bytes {
  std::uint64_t connection = 0;
  received_bytes arrived;
};

struct api_closed {
  std::uint64_t connection = 0;
};

struct api_descriptors {
  enum class state : std::uint8_t { few, enough };
  state left = state::few;
};

struct api_tick {};

} // namespace fsshare

FSSHARE_MESSAGES(api_server, 7, api_connected, api_bytes, api_closed,
                 api_descriptors, api_tick)

namespace fsshare {

/// The API SERVER actor: one per process, speaks ttrpc (proto/fsshare.proto) to
/// the clients of the control socket and messages to NODE.
using api_server_actor = caf::typed_actor<
  // Takes a client's connection over. Clients whose user is not allowed get
  // PERMISSION_DENIED for whatever they ask.
  msg<api_connected>,
  // INTERNAL: what a client sent; ignored if it is gone.
  msg<api_bytes>,
  // INTERNAL: a client went away; ignored if it is gone.
  msg<api_closed>,
  // The process has few descriptors left, or enough again. Each `few` closes an
  // idle connection.
  msg<api_descriptors>,
  // INTERNAL: a client may have taken too long for a frame.
  msg<api_tick>,
  // What was counted, see metrics_source.
  rpc<describe_metrics, metrics_part>>;

} // namespace fsshare
