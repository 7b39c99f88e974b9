// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_dialer.hpp"

#include "sys/errno_error.hpp"
#include "sys/net/handshake_line.hpp"
#include "sys/net/socket_address.hpp"
#include "sys/net/socket_stream.hpp"

#include <cerrno>
#include <string>
#include <unordered_map>
#include <utility>

namespace fsshare {

namespace {

/// Every failure to connect means the same to the caller: try again later.
error unavailable(const error& why) {
  return {errc::unavailable, why.message};
}

/// One connection from its first step to the answer.
class dialing : public std::enable_shared_from_this<dialing> {
public:
  dialing(io_loop& loop, guest_address address, dialer::done then,
          const socket_dialer::options& with)
    : loop_(loop), address_(std::move(address)), then_(std::move(then)),
      limit_(with.limit), gauge_(with.descriptors) {
  }

  void start() {
    auto target = to_socket_address(address_);
    if (!target)
      return then_(unavailable(target.err()));
    auto opened = open_socket(*target);
    if (!opened && gauge_)
      gauge_->ran_out();
    if (!opened)
      return then_(unavailable(opened.err()));
    if (gauge_ && gauge_->look_at(opened->get()) != descriptor_room::enough)
      return then_(error{errc::unavailable,
                         "connect " + to_string(address_)
                           + ": too few descriptors are left of the limit of "
                             "open files (RLIMIT_NOFILE)"});
    socket_ = *std::move(opened);
    const auto number = begin_connect(socket_.get(), *target);
    if (number == EINPROGRESS)
      await_connection();
    else
      connected(number);
  }

private:
  void await_connection() {
    loop_.post([self = shared_from_this()] {
      self->timer_ = self->loop_.after(self->limit_, [self] {
        self->decided(ETIMEDOUT);
      });
      self->id_
        = self->loop_.add(self->socket_.get(), writable, [self](readiness) {
            self->decided(end_connect(self->socket_.get()));
          });
    });
  }

  void decided(int number) {
    if (std::exchange(is_decided_, true))
      return;
    loop_.cancel(timer_);
    loop_.del(id_);
    // The loop must have let go of the socket before others use it.
    loop_.post([self = shared_from_this(), number] {
      self->connected(number);
    });
  }

  void connected(int number) {
    if (number != 0)
      then_(unavailable(errno_error(number, "connect", to_string(address_))));
    else if (address_.scheme == address_scheme::hybrid_vsock)
      begin_handshake();
    else
      hand_out(std::move(socket_));
  }

  void begin_handshake() {
    // The hypervisors' side is described in firecracker's docs/vsock.md.
    const auto line = "CONNECT " + std::to_string(address_.port) + "\n";
    if (const auto number = send_handshake_line(socket_.get(), line))
      return then_(unavailable(
        errno_error(number, "handshake with", to_string(address_))));
    read_handshake_line(loop_, std::move(socket_), limit_,
                        [self = shared_from_this()](auto answer) {
                          self->end_handshake(std::move(answer));
                        });
  }

  void end_handshake(result<handshake_line> answer) {
    const auto what = "handshake with " + to_string(address_);
    if (!answer)
      then_(answer.err().within(what));
    else if (!answer->text.starts_with("OK"))
      then_(error{errc::unavailable, what + ": the answer is not OK"});
    else
      hand_out(std::move(answer->socket));
  }

  void hand_out(unique_fd socket) {
    then_(byte_stream_ptr{std::make_shared<socket_stream>(
      loop_, std::move(socket), to_string(address_))});
  }

  io_loop& loop_;
  const guest_address address_;
  const dialer::done then_;
  const std::chrono::milliseconds limit_;
  const std::shared_ptr<descriptor_gauge> gauge_;
  unique_fd socket_;
  io_loop::id id_ = 0;
  io_loop::id timer_ = 0;
  bool is_decided_ = false;
};

} // namespace

/// The dials that wait, and those that hold a slot. Lives in the thread of the
/// loop.
class socket_dialer::queue : public std::enable_shared_from_this<queue> {
public:
  queue(io_loop& loop, const options& opts)
    : loop_(loop), options_(opts), gate_(opts.gate) {
  }

  void post(guest_address address, dialer::done then) {
    loop_.post([self = shared_from_this(),
                next = wanted{std::move(address), std::move(then)}]() mutable {
      self->waiting_.emplace(self->gate_.enter(), std::move(next));
      self->begin();
    });
  }

private:
  struct wanted {
    guest_address address;
    dialer::done then;
  };

  void begin() {
    const auto now = std::chrono::steady_clock::now();
    for (const auto ticket : gate_.begin(now))
      start(ticket);
    const auto due = gate_.next_due();
    if (!due || is_armed_)
      return;
    is_armed_ = true;
    loop_.after(*due - now, [self = shared_from_this()] {
      self->is_armed_ = false;
      self->begin();
    });
  }

  void start(dial_gate::ticket ticket) {
    auto next = waiting_.extract(ticket).mapped();
    auto ended = [self = shared_from_this(), ticket,
                  then = std::move(next.then)](result<byte_stream_ptr> got) {
      // Later: a dial that fails at once would begin the next one in itself.
      self->loop_.post([self, ticket] {
        self->gate_.leave(ticket);
        self->begin();
      });
      then(std::move(got));
    };
    std::make_shared<dialing>(loop_, std::move(next.address), std::move(ended),
                              options_)
      ->start();
  }

  io_loop& loop_;
  const options options_;
  dial_gate gate_;
  std::unordered_map<dial_gate::ticket, wanted> waiting_;
  bool is_armed_ = false;
};

socket_dialer::socket_dialer(io_loop& loop) : socket_dialer(loop, options{}) {
}

socket_dialer::socket_dialer(io_loop& loop, const options& opts)
  : queue_(std::make_shared<queue>(loop, opts)) {
}

void socket_dialer::dial(const guest_address& address, done then) {
  queue_->post(address, std::move(then));
}

} // namespace fsshare
