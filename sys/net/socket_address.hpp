// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/guest_address.hpp"
#include "core/result.hpp"
#include "sys/unique_fd.hpp"

#include <sys/socket.h>

namespace fsshare {

/// An address as the kernel takes it.
struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const {
    // The sockets API is made of these casts (bind(2)).
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

/// Translates an address: AF_UNIX (also that of a hybrid vsock, without its
/// port) or AF_VSOCK.
/// @returns `errc::invalid_argument` for a path that sockaddr_un cannot hold.
result<socket_address> to_socket_address(const guest_address& address);

/// Opens a non-blocking stream socket of the family of `address`.
result<unique_fd> open_socket(const socket_address& address);

/// Begins to connect a non-blocking socket.
/// @returns 0 when connected, EINPROGRESS when it becomes writable once
///          decided, or why not. For a full backlog of a unix socket that is
///          EAGAIN, and no completion follows (connect(2)).
int begin_connect(int socket, const socket_address& address);

/// Returns how a connect that was in progress ended: 0 or an errno value.
int end_connect(int socket);

} // namespace fsshare
