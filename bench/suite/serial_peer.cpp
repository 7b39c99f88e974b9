// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/serial_peer.hpp"

#include "sys/net/socket_address.hpp"

#include <cerrno>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace fsshare::bench {

namespace {

unique_fd connected_to(const guest_address& address) {
  const auto where = to_socket_address(address);
  if (!where)
    throw std::runtime_error{where.err().message};
  unique_fd out{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!out || ::connect(out.get(), where->get(), where->size) < 0)
    throw std::system_error{errno, std::generic_category(),
                            "connect to " + to_string(address)};
  return out;
}

std::string line_from(int socket) {
  std::string out;
  for (char next = 0; ::read(socket, &next, 1) == 1;) {
    if (next == '\n')
      return out;
    out += next;
  }
  throw std::runtime_error{"the peer has ended"};
}

} // namespace

serial_peer::serial_peer(const guest_address& guest, rendering renders) {
  guest_address control{address_scheme::unix_socket, dir_ / "control", 0, 0};
  std::vector<std::string> argv{FSSHARE_SERIAL_PEER, "--guest", guest.path,
                                "--control", control.path};
  if (renders == rendering::none)
    argv.emplace_back("--no-json");
  program_.emplace(std::move(argv));
  if (program_->read_line() != "listening")
    throw std::runtime_error{"the peer does not listen: " + program_->errors()};
  control_ = connected_to(control);
}

void serial_peer::share(const std::string& source, const std::string& name) {
  const auto line = "share " + source + " " + name + "\n";
  if (::send(control_.get(), line.data(), line.size(), MSG_NOSIGNAL)
      != static_cast<ssize_t>(line.size()))
    throw std::system_error{errno, std::generic_category(), "ask the peer"};
  if (const auto answer = line_from(control_.get()); answer != "ok")
    throw std::runtime_error{"the peer: " + answer};
}

} // namespace fsshare::bench
