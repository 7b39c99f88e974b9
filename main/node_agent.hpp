// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/result.hpp"
#include "messages/caf_compat.hpp"
#include "sys/unique_fd.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace fsshare {

/// The running node agent: every actor, the one loop and the control socket.
/// The only place that spawns real actors and hands them each other.
class node_agent {
public:
  /// Starts everything; the control socket is opened last.
  /// @param lent A socket that listens at `api.socket` already, and stays when
  ///        the node agent ends; see take_inherited_socket().
  /// @param died Called by any thread, perhaps before this returns, when an
  ///        actor has ended by itself. Its state may be half changed, and
  ///        nobody takes its place: ends the process, and does not return.
  /// @returns why something could not be opened.
  static result<std::unique_ptr<node_agent>>
  start(const node_config& config, supervised_settings::death_handler died,
        std::optional<unique_fd> lent = std::nullopt);

  /// Stops accepting, ends every actor and waits for them. Mounts and guest
  /// copies stay.
  ~node_agent();
  node_agent(const node_agent&) = delete;
  node_agent& operator=(const node_agent&) = delete;

  /// Where HTTP is served, or why it was not at the start, for the log.
  const std::string& http_state() const;

  /// Whether actors are served and the loop turns; no guest, source or client
  /// has to do with it.
  /// @param limit How long to wait for both.
  bool is_alive(std::chrono::nanoseconds limit);

private:
  class parts;
  explicit node_agent(std::unique_ptr<parts> p);

  std::unique_ptr<parts> parts_;
};

} // namespace fsshare
