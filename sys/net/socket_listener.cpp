// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_listener.hpp"

#include "core/pacing.hpp"
#include "sys/errno_error.hpp"
#include "sys/net/handshake_line.hpp"
#include "sys/net/socket_address.hpp"
#include "sys/net/socket_stream.hpp"
#include "sys/process_end.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <string>
#include <strings.h>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace fsshare {

namespace {

constexpr int accepts_per_event = 64;

/// Newer than the C library's headers.
constexpr int so_peerpidfd = 77;

std::shared_ptr<const unique_fd> pidfd_of(int socket) {
  int fd = -1;
  socklen_t size = sizeof(fd);
  if (::getsockopt(socket, SOL_SOCKET, so_peerpidfd, &fd, &size) < 0 || fd < 0)
    return nullptr;
  return std::make_shared<const unique_fd>(fd);
}

std::optional<peer_credentials> credentials_of(int socket) {
  ucred read{};
  socklen_t size = sizeof(read);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &read, &size) < 0)
    return std::nullopt;
  return peer_credentials{read.uid, read.gid, read.pid, pidfd_of(socket)};
}

bool has_file(const guest_address& address) {
  return address.scheme != address_scheme::vsock
         && !address.path.starts_with('@');
}

/// Returns whether nobody listens on the socket file of `address`: the readers
/// of a process that was killed hold its descriptors a little longer, or for as
/// long as a source hangs. Who listens is told by unix(7), SO_PEERCRED.
bool is_stale(const guest_address& address, const socket_address& target) {
  struct stat found {};
  if (::lstat(address.path.c_str(), &found) < 0 || !S_ISSOCK(found.st_mode))
    return false;
  const auto probe = open_socket(target);
  if (!probe)
    return false;
  const auto failed = begin_connect(probe->get(), target);
  if (failed != 0)
    return failed == ECONNREFUSED;
  const auto listens = credentials_of(probe->get());
  return listens && has_ended(listens->pid);
}

status bind_socket(int socket, const guest_address& address,
                   const socket_address& target) {
  if (::bind(socket, target.get(), target.size) == 0)
    return unit{};
  auto number = errno;
  if (number == EADDRINUSE && has_file(address) && is_stale(address, target)) {
    ::unlink(address.path.c_str());
    if (::bind(socket, target.get(), target.size) == 0)
      return unit{};
    number = errno;
  }
  return errno_error(number, "listen on", to_string(address));
}

/// Returns the port of `CONNECT PORT`, in any case as hypervisors take it.
std::optional<std::uint32_t> requested_port(const std::string& line) {
  constexpr std::string_view verb = "CONNECT ";
  if (line.size() <= verb.size()
      || ::strncasecmp(line.data(), verb.data(), verb.size()) != 0)
    return std::nullopt;
  std::uint32_t port = 0;
  const auto* end = line.data() + line.size();
  const auto read = std::from_chars(line.data() + verb.size(), end, port);
  if (read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return port;
}

} // namespace

class socket_listener::acceptor
  : public std::enable_shared_from_this<acceptor> {
public:
  acceptor(io_loop& loop, guest_address address, options with, accepted on)
    : loop_(loop), address_(std::move(address)), name_(to_string(address_)),
      options_(std::move(with)), on_(std::move(on)) {
  }
  /// Of a socket without a file.
  acceptor(io_loop& loop, std::string name, options with, accepted on)
    : loop_(loop), name_(std::move(name)), options_(std::move(with)),
      on_(std::move(on)) {
  }

  status open() {
    const auto target = to_socket_address(address_);
    if (!target)
      return target.err();
    auto opened = open_socket(*target);
    if (!opened)
      return opened.err();
    if (auto bound = bind_socket(opened->get(), address_, *target); !bound)
      return bound;
    // Nobody can connect before listen(), so that the mode is in time.
    if (has_file(address_) && !take_file())
      return errno_error(errno, "set owner and mode of", address_.path);
    if (::listen(opened->get(), SOMAXCONN) < 0)
      return errno_error(errno, "listen on", to_string(address_));
    begin(*std::move(opened));
    return unit{};
  }

  status borrow(unique_fd lent) {
    if (has_file(address_) && !take_file())
      return errno_error(errno, "set owner and mode of", address_.path);
    holds_ = holding::lent;
    begin(std::move(lent));
    return unit{};
  }

  void take_over(unique_fd listening) {
    begin(std::move(listening));
  }

  void close() {
    if (is_closed_.exchange(true))
      return;
    if (holds_ == holding::own)
      end_socket();
    loop_.post([self = shared_from_this()] {
      self->loop_.del(self->id_);
    });
  }

private:
  enum class holding { own, lent };

  void begin(unique_fd listening) {
    socket_ = std::move(listening);
    loop_.post([self = shared_from_this()] {
      self->watch();
    });
  }

  void end_socket() {
    // Nobody connects from now on, whenever the loop lets go of the fd.
    ::shutdown(socket_.get(), SHUT_RDWR);
    struct stat now {};
    if (inode_ != 0 && ::lstat(address_.path.c_str(), &now) == 0
        && now.st_ino == inode_ && now.st_dev == device_)
      ::unlink(address_.path.c_str());
  }

  bool take_file() {
    struct stat made {};
    if (::chmod(address_.path.c_str(), options_.mode) < 0
        || (options_.owner
            && ::lchown(address_.path.c_str(), *options_.owner,
                        static_cast<gid_t>(-1))
                 < 0)
        || ::lstat(address_.path.c_str(), &made) < 0)
      return false;
    inode_ = made.st_ino;
    device_ = made.st_dev;
    return true;
  }

  // The rest runs in the thread of the loop.

  void watch() {
    if (!is_closed_)
      id_ = loop_.add(socket_.get(), readable,
                      [self = shared_from_this()](readiness) {
                        self->accept_some();
                      });
  }

  void accept_some() {
    for (int i = 0; i < accepts_per_event && !is_closed_; ++i) {
      unique_fd got{::accept4(socket_.get(), nullptr, nullptr,
                              SOCK_NONBLOCK | SOCK_CLOEXEC)};
      const auto number = errno;
      if (got && is_affordable(got.get())) {
        take(std::move(got));
        continue;
      }
      if (got)
        continue;
      if (options_.gauge && (number == EMFILE || number == ENFILE))
        options_.gauge->ran_out();
      if (number == EMFILE || number == ENFILE || number == ENOBUFS
          || number == ENOMEM)
        pause();
      // Errors of one connection, such as ECONNABORTED, concern only that.
      if (number != EINTR && number != ECONNABORTED)
        return;
    }
  }

  /// Takes leave of a peer that costs the last descriptors.
  bool is_affordable(int socket) const {
    if (!options_.gauge
        || options_.gauge->look_at(socket) != descriptor_room::almost_none)
      return true;
    const auto& last = options_.farewell;
    [[maybe_unused]] const auto sent
      = ::send(socket, last.data(), last.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return false;
  }

  void pause() {
    loop_.mod(id_, 0);
    loop_.after(pacing::exhausted_accept, [self = shared_from_this()] {
      self->loop_.mod(self->id_, readable);
    });
  }

  void take(unique_fd socket) {
    if (address_.scheme != address_scheme::hybrid_vsock) {
      hand_out(std::move(socket));
      return;
    }
    read_handshake_line(loop_, std::move(socket), options_.handshake_limit,
                        [self = shared_from_this()](auto line) {
                          if (line)
                            self->answer(*std::move(line));
                        });
  }

  /// Connects or, as hypervisors do for a port without a listener, closes.
  void answer(handshake_line asked) {
    // Ports that a hypervisor gives to its own side begin here (firecracker).
    constexpr std::uint32_t first_host_port = 1U << 30;
    if (is_closed_ || requested_port(asked.text) != address_.port)
      return;
    const auto port = first_host_port + connections_++;
    const auto line = "OK " + std::to_string(port) + "\n";
    if (send_handshake_line(asked.socket.get(), line) == 0)
      hand_out(std::move(asked.socket));
  }

  void hand_out(unique_fd socket) {
    std::optional<peer_credentials> who;
    if (address_.scheme != address_scheme::vsock)
      who = credentials_of(socket.get());
    on_(std::make_shared<socket_stream>(loop_, std::move(socket),
                                        "a client of " + name_),
        who);
  }

  io_loop& loop_;
  const guest_address address_;
  const std::string name_;
  const options options_;
  const accepted on_;
  unique_fd socket_;
  holding holds_ = holding::own;
  ino_t inode_ = 0;
  dev_t device_ = 0;
  std::atomic<bool> is_closed_{false};
  io_loop::id id_ = 0;
  std::uint32_t connections_ = 0;
};

socket_listener::socket_listener(std::shared_ptr<acceptor> state)
  : acceptor_(std::move(state)) {
}

result<std::unique_ptr<socket_listener>>
socket_listener::open(io_loop& loop, const guest_address& address,
                      const options& with, accepted on) {
  auto state = std::make_shared<acceptor>(loop, address, with, std::move(on));
  if (auto opened = state->open(); !opened)
    return opened.err();
  return std::unique_ptr<socket_listener>{
    new socket_listener{std::move(state)}};
}

result<std::unique_ptr<socket_listener>>
socket_listener::borrow(io_loop& loop, const guest_address& address,
                        unique_fd lent, const options& with, accepted on) {
  auto state = std::make_shared<acceptor>(loop, address, with, std::move(on));
  if (auto begun = state->borrow(std::move(lent)); !begun)
    return begun.err();
  return std::unique_ptr<socket_listener>{
    new socket_listener{std::move(state)}};
}

std::unique_ptr<socket_listener> socket_listener::take(io_loop& loop,
                                                       unique_fd listening,
                                                       const std::string& name,
                                                       const options& with,
                                                       accepted on) {
  auto state = std::make_shared<acceptor>(loop, name, with, std::move(on));
  state->take_over(std::move(listening));
  return std::unique_ptr<socket_listener>{
    new socket_listener{std::move(state)}};
}

socket_listener::~socket_listener() {
  close();
}

void socket_listener::close() {
  acceptor_->close();
}

} // namespace fsshare
