// SPDX-License-Identifier: Apache-2.0
#include "guest/connection.hpp"

#include <chrono>

namespace fsshare::guest {

namespace {

// How often a connection that is to end looks whether all has been sent.
constexpr auto flush_interval = std::chrono::milliseconds{1};

} // namespace

connection::connection(io_loop& loop, byte_stream_ptr stream)
  : loop_(loop), stream_(std::move(stream)) {
}

void connection::start(handlers on) {
  on_ = std::move(on);
  // Weak, because the stream is ours: each would keep the other.
  const auto weak = weak_from_this();
  stream_->start({[weak](const bytes& data) {
                    if (const auto self = weak.lock())
                      self->receive(data);
                  },
                  [weak](const error&) {
                    if (const auto self = weak.lock())
                      self->end();
                  }});
}

void connection::receive(const bytes& data) {
  auto requests = session_.receive(data);
  if (auto own = session_.take_output(); !own.empty())
    stream_->send(std::move(own));
  for (auto& request : requests)
    if (!is_closing_)
      on_.requested(std::move(request));
}

// Returns false if it had ended already.
bool connection::mark_ended() {
  if (is_open_)
    ended_at_ = std::chrono::steady_clock::now();
  return is_open_.exchange(false);
}

void connection::end() {
  if (mark_ended())
    on_.ended();
}

void connection::expect_answer() {
  ++unanswered_;
}

void connection::answer(std::uint32_t stream, const result<bytes>& reply) {
  if (!is_open_)
    return;
  stream_->send(reply ? session_.respond(stream, errc::none, {}, *reply)
                      : session_.respond(stream, reply.err()));
  loop_.post([self = shared_from_this()] {
    --self->unanswered_;
    self->close_if_answered();
  });
}

void connection::close_when_answered() {
  is_closing_ = true;
  close_if_answered();
}

void connection::close_if_answered() {
  if (!is_closing_ || unanswered_ != 0 || !is_open_)
    return;
  if (stream_->unsent() != 0) {
    loop_.after(flush_interval, [self = shared_from_this()] {
      self->close_if_answered();
    });
    return;
  }
  stream_->close();
  end();
}

void connection::close() {
  mark_ended();
  stream_->close();
}

} // namespace fsshare::guest
