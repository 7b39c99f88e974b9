// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"
#include "core/net/dial_gate.hpp"
#include "core/pacing.hpp"
#include "sys/net/descriptor_limit.hpp"
#include "sys/net/io_loop.hpp"

#include <chrono>
#include <memory>

namespace fsshare {

/// Opens real connections: unix, hybrid vsock (cloud-hypervisor, firecracker)
/// and vsock. Those that are wanted all at once are spread by a dial_gate.
class socket_dialer final : public dialer {
public:
  struct options {
    /// For one connection with its handshake, from its beginning.
    std::chrono::milliseconds limit = pacing::handshake;
    dial_gate::settings gate = {};
    /// Told when descriptors are few; then nothing is dialed.
    std::shared_ptr<descriptor_gauge> descriptors = {};
  };

  /// @param loop Must outlive the dialer and the streams. Once it has stopped,
  ///        connections in progress are dropped without a call.
  explicit socket_dialer(io_loop& loop);
  socket_dialer(io_loop& loop, const options& opts);

  void dial(const guest_address& address, done then) override;

private:
  class queue;
  // What the loop still has to do shares it.
  std::shared_ptr<queue> queue_;
};

} // namespace fsshare
