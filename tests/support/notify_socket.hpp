// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace fsshare::test {

/// The socket of a service manager that hears what a service says
/// (sd_notify(3)).
class notify_socket {
public:
  explicit notify_socket(const std::string& path)
    : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof(at.sun_path) - 1);
    const auto length = offsetof(sockaddr_un, sun_path) + path.size();
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at),
               static_cast<socklen_t>(length))
        != 0)
      fd_.reset();
  }

  /// Returns the next words; nothing where none come.
  std::optional<std::string> next(std::chrono::milliseconds limit
                                  = std::chrono::seconds{30}) {
    pollfd waited{fd_.get(), POLLIN, 0};
    if (::poll(&waited, 1, static_cast<int>(limit.count())) != 1)
      return std::nullopt;
    std::string out(4096, '\0');
    const auto got = ::recv(fd_.get(), out.data(), out.size(), 0);
    if (got < 0)
      return std::nullopt;
    out.resize(static_cast<std::size_t>(got));
    return out;
  }

private:
  unique_fd fd_;
};

} // namespace fsshare::test
