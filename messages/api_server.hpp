// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"
#include "messages/caf_compat.hpp"

#include <cstdint>

namespace fsshare {

/// A client connected to the control socket.
struct api_connected {
  /// Never used twice in a process.
  std::uint64_t connection = 0;
  /// Not yet started.
  byte_stream_ptr stream;
  /// The client's user (SO_PEERCRED, unix(7)).
  std::uint32_t uid = 0;
};

/// INTERNAL: what a client sent.
struct api_bytes {
  std::uint64_t connection = 0;
  received_bytes arrived;
};

/// INTERNAL: a client went away.
struct api_closed {
  std::uint64_t connection = 0;
};

/// The process has few descriptors left, or enough again.
struct api_descriptors {
  enum class state : std::uint8_t { few, enough };
  state left = state::few;
};

/// INTERNAL: a client may have taken too long for a frame.
struct api_tick {};

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::api_descriptors)
FSSHARE_MESSAGE(fsshare::api_tick)
FSSHARE_MESSAGE(fsshare::api_connected)
FSSHARE_MESSAGE(fsshare::api_bytes)
FSSHARE_MESSAGE(fsshare::api_closed)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_api_server, fsshare::type_range(7))
  CAF_ADD_TYPE_ID(fsshare_api_server, (fsshare::api_connected))
  CAF_ADD_TYPE_ID(fsshare_api_server, (fsshare::api_bytes))
  CAF_ADD_TYPE_ID(fsshare_api_server, (fsshare::api_closed))
  CAF_ADD_TYPE_ID(fsshare_api_server, (fsshare::api_descriptors))
  CAF_ADD_TYPE_ID(fsshare_api_server, (fsshare::api_tick))
CAF_END_TYPE_ID_BLOCK(fsshare_api_server)

namespace fsshare {

/// The API SERVER actor: one per process, speaks ttrpc (proto/fsshare.proto) to
/// the clients of the control socket and messages to NODE.
using api_server_actor = caf::typed_actor<
  // Takes the connection over. Clients whose user is not allowed get
  // PERMISSION_DENIED for whatever they ask.
  msg<api_connected>,
  // Bytes and ends of connections that are gone are ignored.
  msg<api_bytes>, msg<api_closed>,
  // Each `few` closes an idle connection.
  msg<api_descriptors>, msg<api_tick>>;

} // namespace fsshare
