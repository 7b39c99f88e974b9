#pragma once

#include "core/byte_stream.hpp"
#include "sys/io_loop.hpp"

#include <chrono>

namespace fsshare {

/// Opens real connections: unix, hybrid vsock (cloud-hypervisor, firecracker)
/// and vsock.
class socket_dialer final : public dialer {
public:
  /// @param loop Must outlive the dialer and the streams. Once it has stopped,
  ///        connections in progress are dropped without a call.
  /// @param limit For one connection with its handshake; Kata's own is 10 s.
  explicit socket_dialer(io_loop& loop, std::chrono::milliseconds limit
                                        = std::chrono::seconds{10});

  void dial(const guest_address& address, done then) override;

private:
  io_loop& loop_;
  std::chrono::milliseconds limit_;
};

} // namespace fsshare
