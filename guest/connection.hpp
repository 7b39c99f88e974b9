// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"
#include "core/result.hpp"
#include "sys/net/io_loop.hpp"
#include "ttrpc/server_session.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace fsshare::guest {

/// One client of the stand-in: turns bytes into requests and answers into
/// bytes. Owned by the service and by the requests that are being carried out.
class connection : public std::enable_shared_from_this<connection> {
public:
  /// Called in the thread of the loop.
  struct handlers {
    std::function<void(ttrpc::request)> requested;
    /// The connection is over; called at most once.
    std::function<void()> ended;
  };

  /// @param loop Must outlive the connection.
  connection(io_loop& loop, byte_stream_ptr stream);

  /// Begins to deliver requests; called once.
  void start(handlers on);

  /// Counts a request that answer() will be called for. In the thread of the
  /// loop.
  void expect_answer();

  /// Sends the answer to a request; ignored when the connection is over. Any
  /// thread.
  void answer(std::uint32_t stream, const result<bytes>& reply);

  /// Takes no more requests and ends once all that are expected are answered.
  /// In the thread of the loop; `ended` is called.
  void close_when_answered();

  /// Ends the connection without a call of `ended`. Any thread; idempotent.
  void close();

  /// Whether an answer would still be sent. Any thread.
  bool is_open() const {
    return is_open_;
  }

  /// When it ended; only once is_open() is false. Any thread.
  std::chrono::steady_clock::time_point ended_at() const {
    return ended_at_.load();
  }

  const ttrpc::server_session& session() const {
    return session_;
  }

private:
  void receive(const bytes& data);
  bool mark_ended();
  void end();
  void close_if_answered();

  io_loop& loop_;
  byte_stream_ptr stream_;
  // Its const functions may be called by any thread, the others by the loop's.
  ttrpc::server_session session_{ttrpc::server_rules::guest};
  handlers on_;
  bool is_closing_ = false;
  std::size_t unanswered_ = 0;
  std::atomic<std::chrono::steady_clock::time_point> ended_at_;
  std::atomic<bool> is_open_{true}; // set after the one above
};

} // namespace fsshare::guest
