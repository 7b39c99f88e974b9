// SPDX-License-Identifier: Apache-2.0
#include "tests/metrics/http_peer.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace fsshare::test {

namespace {

constexpr std::chrono::milliseconds patience = std::chrono::seconds{30};

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

sockaddr_in local(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

// The sockets API is made of these casts (bind(2)).
const sockaddr* as_sockaddr(const sockaddr_in& of) {
  return reinterpret_cast<const sockaddr*>(&of);
}

} // namespace

http_peer::http_peer(std::uint16_t port)
  : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const auto to = local(port);
  if (!socket_ || ::connect(socket_.get(), as_sockaddr(to), sizeof(to)) < 0)
    fail("connect");
}

void http_peer::send(const std::string& text) const {
  std::size_t sent = 0;
  while (sent < text.size()) {
    pollfd wanted{socket_.get(), POLLIN | POLLOUT, 0};
    if (::poll(&wanted, 1, static_cast<int>(patience.count())) != 1)
      throw std::runtime_error{"nobody takes what is sent"};
    // Who is refused in the middle reads why: to one that has closed with a
    // full window the kernel goes on sending probes for minutes.
    if ((wanted.revents & POLLOUT) == 0)
      return;
    const auto n = ::send(socket_.get(), text.data() + sent, text.size() - sent,
                          MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
      return;
    sent += static_cast<std::size_t>(n);
  }
}

std::string http_peer::read_all() const {
  std::string out;
  std::array<char, 65536> chunk{};
  for (;;) {
    pollfd wanted{socket_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(patience.count())) != 1)
      throw std::runtime_error{"no answer"};
    const auto n = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (n <= 0)
      return out;
    out.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

bool http_peer::is_ended_within(std::chrono::milliseconds limit) const {
  pollfd wanted{socket_.get(), POLLIN | POLLRDHUP, 0};
  if (::poll(&wanted, 1, static_cast<int>(limit.count())) != 1)
    return false;
  char byte = 0;
  return ::recv(socket_.get(), &byte, 1, MSG_PEEK) <= 0;
}

std::string get(std::uint16_t port, const std::string& target, int status) {
  const http_peer peer{port};
  peer.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto text = peer.read_all();
  if (!text.starts_with("HTTP/1.1 " + std::to_string(status) + " "))
    throw std::runtime_error{target + ": " + text.substr(0, 200)};
  return text.substr(text.find("\r\n\r\n") + 4);
}

std::uint16_t free_port() {
  const unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto any = local(0);
  socklen_t size = sizeof(any);
  if (!socket || ::bind(socket.get(), as_sockaddr(any), size) < 0
      || ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&any), &size)
           < 0)
    fail("bind");
  return ntohs(any.sin_port);
}

double value_of(const std::string& scrape, const std::string& series) {
  const auto text = "\n" + scrape;
  const auto at = text.find("\n" + series + " ");
  return at == std::string::npos
           ? 0
           : std::strtod(text.c_str() + at + series.size() + 2, nullptr);
}

} // namespace fsshare::test
