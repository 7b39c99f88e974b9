// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace fsshare {

/// Whoever started this process and wants to hear of it, such as systemd: each
/// word is a datagram to the socket that NOTIFY_SOCKET names (sd_notify(3), and
/// its "standalone implementations"). Without one nothing is said to anybody.
///
/// Any thread may speak. Never blocks: a word that nobody takes is lost, as one
/// that is said twice does no harm.
class service_manager {
public:
  /// Nobody.
  service_manager() = default;

  /// Takes what the environment tells out of it, so that no child speaks for
  /// this process. A socket that is neither a path nor abstract is none: only
  /// unix sockets are ever spoken to.
  static service_manager from_environment();

  /// Requests are served from now on.
  void say_ready(std::string_view status) const;

  /// The configuration is read again; say_ready() ends that.
  void say_reloading() const;

  /// The end has begun.
  void say_stopping(std::string_view status) const;

  /// The process is not stuck.
  void say_alive() const;

  /// Returns how long the manager waits for the next say_alive() before it
  /// kills this process; nothing if it does not wait.
  std::optional<std::chrono::microseconds> patience() const {
    return patience_;
  }

private:
  void say(const std::string& words) const;

  /// Empty for nobody; begins with a NUL if abstract (unix(7)).
  std::string address_;
  unique_fd socket_;
  std::optional<std::chrono::microseconds> patience_;
};

} // namespace fsshare
