// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/net/socket_address.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace fsshare::test {

/// Listens at an address where nobody does, with room for `backlog` connections
/// that nobody has accepted. Throws if the system refuses.
inline unique_fd listen_at(const guest_address& address, int backlog) {
  const auto target = to_socket_address(address);
  if (!target)
    throw std::invalid_argument{target.err().message};
  auto socket = open_socket(*target);
  if (!socket)
    throw std::runtime_error{socket.err().message};
  if (::bind(socket->get(), target->get(), target->size) != 0
      || ::listen(socket->get(), backlog) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "listen at " + to_string(address));
  return *std::move(socket);
}

} // namespace fsshare::test
