// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/http_address.hpp"
#include "core/result.hpp"
#include "messages/http_server.hpp"
#include "sys/net/descriptor_limit.hpp"
#include "sys/net/io_loop.hpp"
#include "sys/net/socket_listener.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace fsshare {

/// Hands HTTP SERVER what connects to an address, once that is free: a node
/// agent starts whether it is or not.
class http_service {
public:
  /// @param loop Is stopped before this ends.
  /// @param farewell As socket_listener::options has it.
  http_service(io_loop& loop, http_server_actor server,
               std::shared_ptr<descriptor_gauge> gauge, bytes farewell);
  http_service(const http_service&) = delete;
  http_service& operator=(const http_service&) = delete;

  /// Listens, or tries again every 5 s; to be called once.
  void begin(const http_address& address);

  /// Why it does not listen yet; to be asked by who has called begin(), at
  /// once.
  const std::string& trouble() const {
    return trouble_;
  }

private:
  result<std::unique_ptr<socket_listener>> open(const http_address& address);

  io_loop& loop_;
  http_server_actor server_;
  std::shared_ptr<descriptor_gauge> gauge_;
  const bytes farewell_;
  std::uint64_t connections_ = 0;
  // Set by begin(), or later in the thread of the loop.
  std::unique_ptr<socket_listener> listener_;
  std::string trouble_;
};

} // namespace fsshare
