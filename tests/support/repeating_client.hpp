// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/control_client.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace fsshare::test {

/// A client that repeats requests by the documented rule (docs/integration.md).
class repeating_client {
public:
  explicit repeating_client(std::string socket) : socket_(std::move(socket)) {
  }

  /// Calls until it is answered otherwise than by what passes.
  template <class Call>
  auto operator()(const Call& call) {
    return repeat(call, [](errc code) {
      return code == errc::aborted || code == errc::unavailable
             || code == errc::deadline_exceeded;
    });
  }

  /// Calls until it is answered, whatever the answer is.
  template <class Call>
  auto until_answered(const Call& call) {
    return repeat(call, [](errc) {
      return false;
    });
  }

private:
  template <class Call, class Passes>
  auto repeat(const Call& call, const Passes& passes) {
    using std::chrono::milliseconds;
    const auto limit
      = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    for (milliseconds pause{20};;
         pause = std::min(2 * pause, milliseconds{1000})) {
      if (connect()) {
        auto answer = call(*connection_);
        if (answer || (!connection_->is_lost() && !passes(answer.err().code))
            || std::chrono::steady_clock::now() > limit)
          return answer;
        connection_.reset();
      }
      std::this_thread::sleep_for(pause);
    }
  }

  bool connect() {
    try {
      if (!connection_)
        connection_.emplace(socket_);
    } catch (const std::runtime_error&) {
      // Nobody listens.
    }
    return connection_.has_value();
  }

  std::string socket_;
  std::optional<control_client> connection_;
};

} // namespace fsshare::test
