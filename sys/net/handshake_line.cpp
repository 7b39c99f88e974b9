// SPDX-License-Identifier: Apache-2.0
#include "sys/net/handshake_line.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>

namespace fsshare {

namespace {

error refuse(std::string why) {
  return {errc::unavailable, std::move(why)};
}

/// Touched by the thread of the loop only, once it runs.
class line_reader : public std::enable_shared_from_this<line_reader> {
public:
  line_reader(io_loop& loop, unique_fd socket,
              std::function<void(result<handshake_line>)> then)
    : loop_(loop), socket_(std::move(socket)), then_(std::move(then)) {
  }

  void start(std::chrono::milliseconds limit) {
    timer_ = loop_.after(limit, [self = shared_from_this(), limit] {
      self->finish(
        refuse("no answer within " + std::to_string(limit.count()) + " ms"));
    });
    id_ = loop_.add(socket_.get(), readable,
                    [self = shared_from_this()](readiness) {
                      self->read();
                    });
  }

private:
  /// Reads byte by byte: what follows the line is not ours.
  void read() {
    char byte = 0;
    while (then_) {
      const auto n = ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        return;
      if (n < 0)
        finish(refuse(::strerrordesc_np(errno)));
      else if (n == 0)
        finish(refuse("the peer closed the connection"));
      else if (byte == '\n')
        finish(handshake_line{std::move(socket_), std::move(line_)});
      else if (line_.size() == max_handshake_line)
        finish(refuse("the line is too long"));
      else
        line_ += byte;
    }
  }

  void finish(result<handshake_line> with) {
    loop_.del(id_);
    loop_.cancel(timer_);
    // The loop must have let go of the socket before others use or close it.
    // std::function copies what it holds, hence the shared result.
    auto shared = std::make_shared<result<handshake_line>>(std::move(with));
    loop_.post([then = std::exchange(then_, nullptr), shared] {
      then(std::move(*shared));
    });
  }

  io_loop& loop_;
  unique_fd socket_;
  std::function<void(result<handshake_line>)> then_;
  std::string line_;
  io_loop::id id_ = 0;
  io_loop::id timer_ = 0;
};

} // namespace

void read_handshake_line(io_loop& loop, unique_fd socket,
                         std::chrono::milliseconds limit,
                         std::function<void(result<handshake_line>)> then) {
  const auto reader
    = std::make_shared<line_reader>(loop, std::move(socket), std::move(then));
  // In the thread of the loop both ids are known before anything is called.
  loop.post([reader, limit] {
    reader->start(limit);
  });
}

int send_handshake_line(int socket, const std::string& line) {
  const auto n
    = ::send(socket, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0)
    return errno;
  return static_cast<std::size_t>(n) == line.size() ? 0 : EAGAIN;
}

} // namespace fsshare
