// SPDX-License-Identifier: Apache-2.0
#include "sys/net/blocking_socket.hpp"

#include "sys/errno_error.hpp"
#include "sys/net/socket_address.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include <poll.h>

namespace fsshare {

namespace {

constexpr std::size_t read_size = std::size_t{256} << 10;

error lost(int number, const char* what, const std::string& peer) {
  return {errc::unavailable, errno_error(number, what, peer).message};
}

int ms_until(blocking_socket::time_point deadline) {
  using namespace std::chrono;
  const auto now = steady_clock::now();
  if (deadline <= now)
    return 0;
  constexpr std::int64_t longest = std::numeric_limits<int>::max();
  const auto left = ceil<milliseconds>(deadline - now).count();
  return static_cast<int>(std::min<std::int64_t>(left, longest));
}

} // namespace

blocking_socket::blocking_socket(unique_fd socket, std::string peer)
  : socket_(std::move(socket)), peer_(std::move(peer)) {
}

result<blocking_socket> blocking_socket::connect(const guest_address& address) {
  auto peer = to_string(address);
  if (address.scheme != address_scheme::unix_socket)
    return error{errc::invalid_argument,
                 "connect " + peer + ": it is no unix socket"};
  const auto target = to_socket_address(address);
  if (!target)
    return target.err();
  auto opened = open_socket(*target);
  if (!opened)
    return opened.err();
  if (const auto number = begin_connect(opened->get(), *target))
    return lost(number, "connect", peer);
  return blocking_socket{*std::move(opened), std::move(peer)};
}

status blocking_socket::wait(short events, const char* what,
                             time_point deadline) const {
  for (;;) {
    pollfd waiting{socket_.get(), events, 0};
    const auto n = ::poll(&waiting, 1, ms_until(deadline));
    if (n > 0)
      return unit{};
    if (n < 0 && errno != EINTR)
      return lost(errno, what, peer_);
    if (n == 0 && deadline <= std::chrono::steady_clock::now())
      return error{errc::deadline_exceeded, std::string{what} + " " + peer_
                                              + ": nothing happened in time"};
  }
}

status blocking_socket::send(byte_view data, time_point deadline) {
  constexpr auto what = "write to";
  while (!data.empty()) {
    const auto n = ::send(socket_.get(), data.data(), data.size(),
                          MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      data = data.subspan(static_cast<std::size_t>(n));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR)
      return lost(errno, what, peer_);
    if (auto waited = wait(POLLOUT, what, deadline); !waited)
      return waited;
  }
  return unit{};
}

result<bytes> blocking_socket::receive(time_point deadline) {
  constexpr auto what = "read from";
  bytes out(read_size);
  for (;;) {
    const auto n = ::recv(socket_.get(), out.data(), out.size(), MSG_DONTWAIT);
    if (n == 0)
      return error{errc::unavailable, std::string{what} + " " + peer_
                                        + ": the peer closed the connection"};
    if (n > 0) {
      out.resize(static_cast<std::size_t>(n));
      return out;
    }
    if (errno != EAGAIN && errno != EINTR)
      return lost(errno, what, peer_);
    if (auto waited = wait(POLLIN, what, deadline); !waited)
      return waited.err();
  }
}

} // namespace fsshare
