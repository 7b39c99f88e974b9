// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/blocking_client.hpp"

#include <string>
#include <utility>

namespace fsshare::ttrpc {

using std::chrono::steady_clock;

blocking_client::blocking_client(blocking_socket socket)
  : socket_(std::move(socket)) {
}

result<blocking_client> blocking_client::connect(const guest_address& address) {
  auto socket = blocking_socket::connect(address);
  if (!socket)
    return socket.err();
  return blocking_client{*std::move(socket)};
}

result<bytes> blocking_client::call(std::string_view service,
                                    std::string_view method, byte_view payload,
                                    std::chrono::nanoseconds timeout) {
  const auto what = "call " + std::string{method};
  has_timed_out_ = false;
  if (is_lost_)
    return error{errc::unavailable, what + ": the connection is lost"};
  const auto now = steady_clock::now();
  const auto deadline = now + timeout;
  const auto stream = session_.call(service, method, {payload}, timeout, now);
  if (!stream)
    return stream.err();
  if (auto sent = socket_.send(session_.take_output(), deadline); !sent) {
    // What was sent in part cannot be taken back: the peer would read the next
    // call as its rest.
    is_lost_ = true;
    has_timed_out_ = sent.err().code == errc::deadline_exceeded;
    return sent.err().within(what);
  }
  auto reply = await(*stream, deadline);
  if (!reply) {
    session_.abandon_all();
    has_timed_out_ = reply.err().code == errc::deadline_exceeded;
    is_lost_ = !has_timed_out_;
    return reply.err().within(what);
  }
  if (reply->code != errc::none)
    return error{reply->code, std::move(reply->message)};
  return std::move(reply->payload);
}

result<client_session::reply>
blocking_client::await(std::uint32_t stream,
                       blocking_socket::time_point deadline) {
  for (;;) {
    const auto data = socket_.receive(deadline);
    if (!data)
      return data.err();
    auto replies = session_.receive(*data);
    if (!replies)
      return replies.err();
    for (auto& reply : *replies)
      if (reply.stream == stream)
        return std::move(reply);
  }
}

} // namespace fsshare::ttrpc
