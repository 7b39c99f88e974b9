// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace fsshare::test {

/// A TCP connection to this machine that sends what the test says. Throws what
/// the system refuses.
class http_peer {
public:
  explicit http_peer(std::uint16_t port);

  void send(const std::string& text) const;

  /// Everything until the other side ends the connection, in 30 s at most.
  std::string read_all() const;

  /// Whether the other side has ended it, or does so in time.
  bool is_ended_within(std::chrono::milliseconds limit) const;

private:
  unique_fd socket_;
};

/// Returns the body of an answer; throws where its status is another.
std::string get(std::uint16_t port, const std::string& target,
                int status = 200);

/// Returns a port that nobody listens on.
std::uint16_t free_port();

/// Returns the value of a series of a scrape, such as `up{a="b"}`; 0 where
/// there is none.
double value_of(const std::string& scrape, const std::string& series);

} // namespace fsshare::test
