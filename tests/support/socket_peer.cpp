// SPDX-License-Identifier: Apache-2.0
#include "tests/support/socket_peer.hpp"

#include "sys/net/socket_address.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace fsshare::test {

namespace {

[[noreturn]] void refuse(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

socket_peer::socket_peer(const guest_address& address) {
  const auto where = to_socket_address(address);
  if (!where)
    throw std::runtime_error(where.err().message);
  socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket_ || ::connect(socket_.get(), where->get(), where->size) < 0)
    refuse("connect");
}

void socket_peer::send(byte_view data) const {
  while (!data.empty()) {
    const auto count
      = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (count < 0)
      refuse("send");
    data = data.subspan(static_cast<std::size_t>(count));
  }
}

void socket_peer::finish_sending() const {
  if (::shutdown(socket_.get(), SHUT_WR) < 0)
    refuse("shutdown");
}

bool socket_peer::is_readable_within(duration limit) const {
  pollfd waited{socket_.get(), POLLIN, 0};
  return ::poll(&waited, 1, static_cast<int>(limit.count())) > 0;
}

std::optional<ttrpc::frame> socket_peer::next_frame(duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (frames_.empty()) {
    const auto left = std::chrono::ceil<duration>(
      deadline - std::chrono::steady_clock::now());
    if (left <= duration::zero() || !is_readable_within(left))
      throw std::runtime_error("no frame before the deadline");
    std::array<std::uint8_t, 65536> part{};
    const auto count = ::recv(socket_.get(), part.data(), part.size(), 0);
    // A reset is how a close with unread data looks.
    if (count == 0 || (count < 0 && errno == ECONNRESET))
      return std::nullopt;
    if (count < 0)
      refuse("recv");
    const byte_view arrived{part.data(), static_cast<std::size_t>(count)};
    for (auto& frame : decoder_.receive(arrived))
      frames_.push_back(std::move(frame));
  }
  auto out = std::move(frames_.front());
  frames_.pop_front();
  return out;
}

bool socket_peer::is_silent_for(duration limit) {
  return frames_.empty() && !is_readable_within(limit);
}

} // namespace fsshare::test
