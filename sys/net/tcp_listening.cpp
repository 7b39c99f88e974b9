// SPDX-License-Identifier: Apache-2.0
#include "sys/net/tcp_listening.hpp"

#include "sys/errno_error.hpp"
#include "sys/net/socket_address.hpp"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace fsshare {

namespace {

result<socket_address> to_socket_address(const http_address& address) {
  socket_address out;
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    out.size = sizeof(v4);
    std::memcpy(&out.storage, &v4, sizeof(v4));
    return out;
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    out.size = sizeof(v6);
    std::memcpy(&out.storage, &v6, sizeof(v6));
    return out;
  }
  return error{errc::invalid_argument, "listen on " + to_string(address)
                                         + ": this is no IPv4 or IPv6 address"};
}

} // namespace

result<unique_fd> listen_on_tcp(const http_address& address) {
  const auto target = to_socket_address(address);
  if (!target)
    return target.err();
  auto opened = open_socket(*target);
  if (!opened)
    return opened.err();
  // Connections of an earlier process may still be ending (tcp(7)).
  const int yes = 1;
  if (::setsockopt(opened->get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes))
        < 0
      || ::bind(opened->get(), target->get(), target->size) < 0
      || ::listen(opened->get(), SOMAXCONN) < 0)
    return errno_error(errno, "listen on", to_string(address));
  return *std::move(opened);
}

} // namespace fsshare
