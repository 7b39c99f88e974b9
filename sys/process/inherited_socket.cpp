// SPDX-License-Identifier: Apache-2.0
#include "sys/process/inherited_socket.hpp"

#include "sys/errno_error.hpp"
#include "sys/process/environment.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace fsshare {

namespace {

// SD_LISTEN_FDS_START of sd_listen_fds(3).
constexpr int first_handed_over = 3;

error refused(const std::string& why) {
  return {errc::invalid_argument,
          "the socket that the service manager hands over " + why};
}

bool has_option(int socket, int option, int wanted) {
  int value = 0;
  socklen_t size = sizeof(value);
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0
         && value == wanted;
}

result<std::string> path_of(int socket) {
  sockaddr_un bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0)
    return errno_error(errno, "getsockname", "LISTEN_FDS");
  constexpr auto begin = offsetof(sockaddr_un, sun_path);
  if (size <= begin)
    return std::string{};
  // The kernel counts the NUL at the end of a path, and an abstract name
  // without one.
  std::string path(static_cast<const char*>(bound.sun_path), size - begin);
  if (path.front() == '\0')
    path.front() = '@';
  else
    path.resize(path.find_last_not_of('\0') + 1);
  return path;
}

status check(int socket, const std::string& wanted) {
  if (!has_option(socket, SO_DOMAIN, AF_UNIX)
      || !has_option(socket, SO_TYPE, SOCK_STREAM)
      || !has_option(socket, SO_ACCEPTCONN, 1))
    return refused("is no stream of unix(7) that listens");
  const auto path = path_of(socket);
  if (!path)
    return path.err();
  if (*path != wanted)
    return refused("listens on " + *path + ", and api.socket is " + wanted
                   + ": let both say the same");
  return unit{};
}

} // namespace

result<std::optional<unique_fd>>
take_inherited_socket(const std::string& path) {
  const auto pid = number_in(take_variable("LISTEN_PID"));
  const auto count = number_in(take_variable("LISTEN_FDS"));
  take_variable("LISTEN_FDNAMES");
  if (pid != static_cast<std::uint64_t>(::getpid()) || !count || *count == 0)
    return std::optional<unique_fd>{};
  if (*count > 1)
    return refused("is one of " + std::to_string(*count)
                   + ", and one is taken");
  unique_fd socket{first_handed_over};
  if (auto checked = check(socket.get(), path); !checked)
    return checked.err();
  const auto flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0
      || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return errno_error(errno, "fcntl", "LISTEN_FDS");
  return std::optional{std::move(socket)};
}

} // namespace fsshare
