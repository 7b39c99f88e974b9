// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/net/io_loop.hpp"
#include "sys/net/socket_listener.hpp"
#include "ttrpc/server_session.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace fsshare::test {

/// A server for tests: answers each request with what a function returns for
/// it, in the thread of the loop. An empty answer is not sent.
class ttrpc_server {
public:
  using serve
    = std::function<bytes(const ttrpc::server_session&, const ttrpc::request&)>;

  ttrpc_server(const guest_address& address, ttrpc::server_rules rules,
               serve with) {
    auto opened = socket_listener::open(loop_, address, {},
                                        [this, rules, with = std::move(with)](
                                          const byte_stream_ptr& stream, auto) {
                                          streams_.push_back(stream);
                                          attend(stream, rules, with);
                                        });
    REQUIRE(opened);
    listener_ = *std::move(opened);
  }
  ~ttrpc_server() {
    loop_.stop();
    streams_.clear();
  }
  ttrpc_server(const ttrpc_server&) = delete;
  ttrpc_server& operator=(const ttrpc_server&) = delete;

private:
  static void attend(const byte_stream_ptr& stream, ttrpc::server_rules rules,
                     const serve& with) {
    auto session = std::make_shared<ttrpc::server_session>(rules);
    stream->start(
      {[kept = std::weak_ptr{stream}, session, with](const bytes& data) {
         const auto to = kept.lock();
         if (!to)
           return;
         const auto calls = session->receive(data);
         to->send(session->take_output());
         for (const auto& call : calls)
           to->send(with(*session, call));
       },
       [](const error&) {}});
  }

  io_loop loop_;
  std::unique_ptr<socket_listener> listener_;
  /// Used by the thread of the loop until that has ended.
  std::vector<byte_stream_ptr> streams_;
};

} // namespace fsshare::test
