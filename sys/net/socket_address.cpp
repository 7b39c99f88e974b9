// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_address.hpp"

#include "sys/errno_error.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <linux/vm_sockets.h>
#include <sys/un.h>

namespace fsshare {

namespace {

static_assert(vsock_any_cid == VMADDR_CID_ANY);

result<socket_address> to_unix(const guest_address& address) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  const auto& path = address.path;
  if (path.empty() || path.size() >= sizeof(un.sun_path))
    return error{errc::invalid_argument,
                 "connect " + to_string(address)
                   + ": the socket path must have 1 to 107 bytes"};
  std::memcpy(un.sun_path, path.data(), path.size());
  const auto is_abstract = path.front() == '@';
  if (is_abstract)
    un.sun_path[0] = '\0';
  socket_address out;
  // An abstract name is as long as the address says; a path ends with a NUL.
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path)
                                    + path.size() + (is_abstract ? 0 : 1));
  std::memcpy(&out.storage, &un, out.size);
  return out;
}

socket_address to_vsock(const guest_address& address) {
  sockaddr_vm vm{};
  vm.svm_family = AF_VSOCK;
  vm.svm_cid = address.cid;
  vm.svm_port = address.port;
  socket_address out;
  out.size = sizeof(vm);
  std::memcpy(&out.storage, &vm, sizeof(vm));
  return out;
}

} // namespace

result<socket_address> to_socket_address(const guest_address& address) {
  if (address.scheme == address_scheme::vsock)
    return to_vsock(address);
  return to_unix(address);
}

result<unique_fd> open_socket(const socket_address& address) {
  unique_fd out{::socket(address.storage.ss_family,
                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!out)
    return errno_error(errno, "open", "a socket");
  return out;
}

int begin_connect(int socket, const socket_address& address) {
  if (::connect(socket, address.get(), address.size) == 0)
    return 0;
  // Interrupted, it goes on by itself (connect(2)).
  return errno == EINTR ? EINPROGRESS : errno;
}

int end_connect(int socket) {
  int number = 0;
  socklen_t size = sizeof(number);
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size) < 0)
    return errno;
  return number;
}

} // namespace fsshare
