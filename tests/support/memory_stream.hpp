// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/net/byte_stream.hpp"

#include <utility>

namespace fsshare::test {

/// A byte stream whose peer is the test.
class memory_stream : public byte_stream {
public:
  void start(handlers on) override {
    handlers_ = std::move(on);
  }
  void send(bytes data) override {
    if (!is_closed_)
      sent_.insert(sent_.end(), data.begin(), data.end());
  }
  std::size_t unsent() const override {
    return is_read_ ? 0 : sent_.size();
  }
  void close() override {
    is_closed_ = true;
    handlers_ = {};
  }

  /// Delivers bytes from the peer.
  void deliver(bytes data) {
    if (handlers_.received)
      handlers_.received({std::move(data)});
  }
  /// Ends the stream as a peer does that goes away.
  void end() {
    if (handlers_.closed)
      handlers_.closed({errc::unavailable, "the peer closed the connection"});
  }
  /// Lets what is sent pile up from now on.
  void stop_reading() {
    is_read_ = false;
  }
  /// Takes what was sent since the last call.
  bytes take_sent() {
    return std::exchange(sent_, {});
  }
  bool is_closed() const {
    return is_closed_;
  }

private:
  handlers handlers_;
  bytes sent_;
  bool is_read_ = true;
  bool is_closed_ = false;
};

} // namespace fsshare::test
