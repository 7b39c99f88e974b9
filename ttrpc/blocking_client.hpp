// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/net/guest_address.hpp"
#include "core/result.hpp"
#include "sys/net/blocking_socket.hpp"
#include "ttrpc/client_session.hpp"

#include <chrono>
#include <string_view>

namespace fsshare::ttrpc {

/// Makes one call after the other on one connection, waiting for each. For
/// programs that do nothing else meanwhile. Not thread-safe.
class blocking_client {
public:
  /// @param address A unix socket.
  /// @returns `errc::unavailable` if nobody listens, naming the address.
  static result<blocking_client> connect(const guest_address& address);

  /// Calls and waits for the answer.
  /// @param timeout For all of it; also sent to the server.
  /// @returns the payload of the answer or the failure that the server told;
  ///          `errc::deadline_exceeded` when no answer came in time;
  ///          `errc::unavailable` when the connection is lost, as it is for all
  ///          later calls.
  result<bytes> call(std::string_view service, std::string_view method,
                     byte_view payload, std::chrono::nanoseconds timeout);

  /// Returns whether the connection is lost; tells this from a server that
  /// answers `errc::unavailable`.
  bool is_lost() const {
    return is_lost_;
  }

  /// Returns whether the last call ended without an answer in time; tells this
  /// from a server that answers `errc::deadline_exceeded`.
  bool has_timed_out() const {
    return has_timed_out_;
  }

private:
  explicit blocking_client(blocking_socket socket);
  result<client_session::reply> await(std::uint32_t stream,
                                      blocking_socket::time_point deadline);

  blocking_socket socket_;
  client_session session_;
  bool is_lost_ = false;
  bool has_timed_out_ = false;
};

} // namespace fsshare::ttrpc
