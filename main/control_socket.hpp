// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/api/owner_types.hpp"
#include "core/result.hpp"
#include "messages/api_server.hpp"
#include "sys/net/descriptor_limit.hpp"
#include "sys/net/io_loop.hpp"
#include "sys/net/socket_listener.hpp"
#include "sys/process/instance_lock.hpp"
#include "sys/process/kernel_processes.hpp"
#include "sys/unique_fd.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

namespace fsshare {

/// Hands API SERVER who connects to the control socket, and tells which process
/// that is.
class control_socket {
public:
  /// @param loop Is stopped before this ends.
  /// @param farewell As socket_listener::options has it.
  control_socket(io_loop& loop, std::shared_ptr<descriptor_gauge> gauge,
                 api_server_actor server, bytes farewell,
                 std::shared_ptr<kernel_processes> processes);
  control_socket(const control_socket&) = delete;
  control_socket& operator=(const control_socket&) = delete;

  /// Claims the path, and listens there; to be called once.
  /// @param lent As node_agent::start() has it.
  status listen(const node_config::api_section& where,
                std::optional<unique_fd> lent);

  /// Takes nobody any more.
  void close();

private:
  named_owner caller_of(const peer_credentials& peer) const;

  io_loop& loop_;
  std::shared_ptr<descriptor_gauge> gauge_;
  api_server_actor server_;
  const bytes farewell_;
  std::shared_ptr<kernel_processes> processes_;
  std::atomic<std::uint64_t> connections_{0};
  std::optional<instance_lock> lock_;
  std::unique_ptr<socket_listener> listener_;
};

} // namespace fsshare
