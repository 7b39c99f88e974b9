// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"
#include "sys/net/io_loop.hpp"
#include "sys/unique_fd.hpp"

#include <memory>
#include <string>

namespace fsshare {

/// A byte stream over a connected stream socket. send() writes in the thread
/// of the caller as long as the socket takes everything; the loop writes the
/// rest and reads. It stops reading while more than max_unconsumed bytes that
/// it handed on are not consumed, and goes on at half of that.
class socket_stream final : public byte_stream {
public:
  /// Each chunk counts some bytes more than it has, for what it costs itself.
  static constexpr std::size_t max_unconsumed = std::size_t{1} << 20;

  /// @param loop Must outlive the stream and what it handed on.
  /// @param socket Connected and non-blocking.
  /// @param peer Names the peer in errors, such as `unix:///run/a.sock`.
  socket_stream(io_loop& loop, unique_fd socket, std::string peer);
  ~socket_stream() override;
  socket_stream(const socket_stream&) = delete;
  socket_stream& operator=(const socket_stream&) = delete;

  void start(handlers on) override;
  void send(bytes data) override;
  std::size_t unsent() const override;
  void close() override;

private:
  class connection;
  // The loop shares the connection: its fd outlives the last callback.
  std::shared_ptr<connection> connection_;
};

} // namespace fsshare
