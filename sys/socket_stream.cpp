#include "sys/socket_stream.hpp"

#include "sys/errno_error.hpp"

#include <cerrno>
#include <deque>
#include <mutex>
#include <optional>

#include <sys/socket.h>

namespace fsshare {

namespace {

constexpr std::size_t read_size = std::size_t{256} << 10;

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
    is_waiting_to_write_ = !queue_.empty();
    id_ = loop_.add(socket_.get(), interest(),
                    [self = shared_from_this()](readiness ready) {
                      self->handle(ready);
                    });
    if (is_broken_)
      loop_.post([self = shared_from_this()] {
        self->drain();
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
  readiness interest() const {
    return is_waiting_to_write_ ? readable | writable : readable;
  }

  /// Asks the loop to tell when the socket takes more, if that is of use.
  void watch() {
    const auto wanted = !queue_.empty();
    if (id_ == 0 || wanted == is_waiting_to_write_)
      return;
    is_waiting_to_write_ = wanted;
    loop_.mod(id_, interest());
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
        self->drain();
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

  void handle(readiness ready) {
    if ((ready & writable) != 0) {
      const std::lock_guard guard{mutex_};
      if (!is_closed_)
        flush();
      watch();
    }
    if ((ready & failed) != 0) {
      note_failure();
      drain();
    } else if ((ready & (readable | hung_up)) != 0) {
      read_once();
    }
  }

  void note_failure() {
    int number = 0;
    socklen_t size = sizeof(number);
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &number, &size);
    const std::lock_guard guard{mutex_};
    if (!failure_)
      failure_ = number != 0 ? number : EIO;
  }

  void drain() {
    while (read_once()) {
    }
  }

  /// Delivers one chunk, or the end.
  /// @returns whether there may be more.
  bool read_once() {
    auto& buffer = read_buffer();
    const auto n
      = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) {
      if (const auto on = current_handlers())
        on->received(bytes(buffer.begin(), buffer.begin() + n));
      return true;
    }
    if (n < 0 && errno == EINTR)
      return true;
    if (n < 0 && errno == EAGAIN) {
      if (const auto number = failure())
        finish(errno_error(*number, "talk to", peer_));
      return false;
    }
    if (n < 0)
      finish(errno_error(errno, "read from", peer_));
    else
      finish({errc::unavailable,
              "read from " + peer_ + ": the peer closed the connection"});
    return false;
  }

  std::shared_ptr<const handlers> current_handlers() {
    const std::lock_guard guard{mutex_};
    return handlers_;
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
  bool is_waiting_to_write_ = false;
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
