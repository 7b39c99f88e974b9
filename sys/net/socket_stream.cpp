// SPDX-License-Identifier: Apache-2.0
#include "sys/net/socket_stream.hpp"

#include "sys/errno_error.hpp"

#include <cerrno>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>

#include <sys/socket.h>

namespace fsshare {

namespace {

constexpr std::size_t read_size = std::size_t{256} << 10;

/// What a chunk costs beside its bytes, as a message that waits.
constexpr std::size_t chunk_cost = 512;

/// What is read at most of a peer to which writing failed: more than a socket
/// holds is what the peer goes on to send.
constexpr std::size_t max_drained = std::size_t{1} << 20;

/// Room for one read; one for each loop, not for each connection.
bytes& read_buffer() {
  thread_local bytes buffer(read_size);
  return buffer;
}

} // namespace

class socket_stream::connection
  : public std::enable_shared_from_this<connection> {
public:
  connection(io_loop& loop, unique_fd socket, std::string peer)
    : loop_(loop), socket_(std::move(socket)), peer_(std::move(peer)) {
  }

  void start(handlers on) {
    auto shared = std::make_shared<const handlers>(std::move(on));
    const std::lock_guard guard{mutex_};
    if (is_closed_ || handlers_)
      return;
    handlers_ = std::move(shared);
    watched_ = interest();
    id_ = loop_.add(socket_.get(), watched_,
                    [self = shared_from_this()](readiness ready) {
                      self->handle(ready);
                    });
    if (is_broken_)
      loop_.post([self = shared_from_this()] {
        self->ending_if_thrown([&] {
          self->drain();
        });
      });
  }

  void send(bytes data) {
    if (data.empty())
      return;
    const std::lock_guard guard{mutex_};
    if (is_closed_ || is_broken_)
      return;
    unsent_ += data.size();
    queue_.push_back(std::move(data));
    if (queue_.size() == 1)
      flush();
    watch();
  }

  std::size_t unsent() const {
    const std::lock_guard guard{mutex_};
    return unsent_;
  }

  void close() {
    std::shared_ptr<const handlers> dying;
    const std::lock_guard guard{mutex_};
    if (is_closed_)
      return;
    dying = end();
  }

private:
  /// Gives credit back when the bytes that it stands for are consumed.
  class credit {
  public:
    credit(std::weak_ptr<connection> of, std::size_t count)
      : of_(std::move(of)), count_(count) {
    }
    ~credit() {
      if (const auto alive = of_.lock())
        alive->consumed(count_);
    }
    credit(const credit&) = delete;
    credit& operator=(const credit&) = delete;

  private:
    const std::weak_ptr<connection> of_;
    const std::size_t count_;
  };

  readiness interest() const {
    // What is left of a broken connection is for drain(), which has an end.
    const readiness reading = is_paused_ || is_broken_ ? 0 : readable;
    return queue_.empty() ? reading : reading | writable;
  }

  /// Asks the loop to tell what is of use.
  void watch() {
    const auto wanted = interest();
    if (id_ == 0 || is_closed_ || wanted == watched_)
      return;
    watched_ = wanted;
    loop_.mod(id_, wanted);
  }

  void consumed(std::size_t count) {
    const std::lock_guard guard{mutex_};
    unconsumed_ -= count;
    if (unconsumed_ <= max_unconsumed / 2)
      is_paused_ = false;
    watch();
  }

  /// Writes as much of the queue as the socket takes.
  void flush() {
    while (!queue_.empty()) {
      const auto& front = queue_.front();
      const auto left = front.size() - front_sent_;
      const auto n = ::send(socket_.get(), front.data() + front_sent_, left,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0) {
        if (errno != EAGAIN)
          break_down(errno);
        return;
      }
      const auto sent = static_cast<std::size_t>(n);
      unsent_ -= sent;
      front_sent_ += sent;
      if (sent == left) {
        queue_.pop_front();
        front_sent_ = 0;
      }
    }
  }

  /// After a failed write, what the peer had sent before is still delivered.
  void break_down(int number) {
    is_broken_ = true;
    failure_ = number;
    drop_queue();
    if (handlers_)
      loop_.post([self = shared_from_this()] {
        self->ending_if_thrown([&] {
          self->drain();
        });
      });
  }

  void drop_queue() {
    queue_.clear();
    unsent_ = 0;
    front_sent_ = 0;
  }

  /// Ends everything; returns the handlers, to be destroyed without the lock.
  std::shared_ptr<const handlers> end() {
    is_closed_ = true;
    drop_queue();
    if (id_ != 0)
      loop_.del(id_);
    // The fd closes once the loop has let go of it; the peer learns it now.
    ::shutdown(socket_.get(), SHUT_RDWR);
    return std::exchange(handlers_, nullptr);
  }

  // The rest runs in the thread of the loop.

  /// Ends the connection where what it received could not be handed on, as
  /// without memory: the rest would be of no use.
  template <class Call>
  void ending_if_thrown(Call call) {
    try {
      call();
    } catch (const std::exception& thrown) {
      finish({errc::internal, "talk to " + peer_ + ": " + thrown.what()});
    }
  }

  void handle(readiness ready) {
    ending_if_thrown([&] {
      handle_ready(ready);
    });
  }

  void handle_ready(readiness ready) {
    if ((ready & writable) != 0) {
      const std::lock_guard guard{mutex_};
      if (!is_closed_)
        flush();
      watch();
    }
    if ((ready & failed) != 0) {
      note_failure();
      drain();
    } else if ((ready & hung_up) != 0) {
      drain();
    } else if ((ready & readable) != 0 && is_reading()) {
      read_once();
    }
  }

  bool is_reading() const {
    const std::lock_guard guard{mutex_};
    return !is_paused_ && !is_broken_;
  }

  void note_failure() {
    int number = 0;
    socklen_t size = sizeof(number);
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &number, &size);
    const std::lock_guard guard{mutex_};
    if (!failure_)
      failure_ = number != 0 ? number : EIO;
  }

  /// Delivers what is left, whatever waits to be consumed, and the end. There
  /// is nothing to wait for: a hang-up is reported again and again.
  void drain() {
    std::size_t drained = 0;
    while (drained <= max_drained) {
      const auto count = read_once();
      if (count == 0)
        return;
      drained += count;
    }
    finish(errno_error(failure().value_or(EPIPE), "talk to", peer_));
  }

  /// Delivers one chunk, or the end.
  /// @returns its size; 0 if there is nothing more for now.
  std::size_t read_once() {
    auto& buffer = read_buffer();
    ssize_t n = 0;
    do {
      n = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
      deliver(bytes(buffer.begin(), buffer.begin() + n));
      return static_cast<std::size_t>(n);
    }
    if (n < 0 && errno == EAGAIN) {
      if (const auto number = failure())
        finish(errno_error(*number, "talk to", peer_));
    } else if (n < 0) {
      finish(errno_error(errno, "read from", peer_));
    } else {
      finish({errc::unavailable,
              "read from " + peer_ + ": the peer closed the connection"});
    }
    return 0;
  }

  void deliver(bytes data) {
    const auto count = data.size() + chunk_cost;
    std::shared_ptr<const handlers> on;
    {
      const std::lock_guard guard{mutex_};
      if (!handlers_)
        return;
      on = handlers_;
      unconsumed_ += count;
      is_paused_ = unconsumed_ > max_unconsumed;
      watch();
    }
    on->received({std::move(data),
                  std::make_shared<const credit>(weak_from_this(), count)});
  }

  std::optional<int> failure() const {
    const std::lock_guard guard{mutex_};
    return failure_;
  }

  void finish(error why) {
    std::shared_ptr<const handlers> on;
    {
      const std::lock_guard guard{mutex_};
      if (is_closed_)
        return;
      on = end();
    }
    if (on)
      on->closed(std::move(why));
  }

  io_loop& loop_;
  const unique_fd socket_;
  const std::string peer_;

  mutable std::mutex mutex_; // guards all below
  std::shared_ptr<const handlers> handlers_;
  std::deque<bytes> queue_;
  std::size_t front_sent_ = 0;
  std::size_t unsent_ = 0;
  std::optional<int> failure_;
  io_loop::id id_ = 0;
  readiness watched_ = 0;
  /// Handed on, and not consumed.
  std::size_t unconsumed_ = 0;
  bool is_paused_ = false;
  bool is_broken_ = false;
  bool is_closed_ = false;
};

socket_stream::socket_stream(io_loop& loop, unique_fd socket, std::string peer)
  : connection_(
    std::make_shared<connection>(loop, std::move(socket), std::move(peer))) {
}

socket_stream::~socket_stream() {
  connection_->close();
}

void socket_stream::start(handlers on) {
  connection_->start(std::move(on));
}

void socket_stream::send(bytes data) {
  connection_->send(std::move(data));
}

std::size_t socket_stream::unsent() const {
  return connection_->unsent();
}

void socket_stream::close() {
  connection_->close();
}

} // namespace fsshare
