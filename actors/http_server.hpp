// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/http_status.hpp"
#include "core/net/http_clients.hpp"
#include "core/net/http_request.hpp"
#include "messages/http_server.hpp"
#include "messages/metrics.hpp"
#include "messages/state_actor.hpp"

#include <cstdint>
#include <map>

namespace fsshare {

/// Returns what a client is sent that is disconnected at once, because the node
/// agent has no descriptor for it.
bytes http_farewell();

/// What HTTP SERVER owns: the connections of its clients.
class http_server_state {
public:
  using handle = http_server_actor;
  static constexpr const char* name = "http-server";

  http_server_state(handle::pointer self, metrics_actor metrics,
                    status_sources shown = {});
  ~http_server_state();
  http_server_state(const http_server_state&) = delete;
  http_server_state& operator=(const http_server_state&) = delete;

  handle::behavior_type make_behavior();

private:
  struct client {
    byte_stream_ptr stream;
    http_request_reader reader;
    bool has_asked = false;
  };

  void add(const http_connected& msg);
  void receive(const http_bytes& msg);
  void drop(std::uint64_t connection);
  void answer(std::uint64_t connection, const received_request& request);
  void answer_scrape(std::uint64_t connection, bool is_head);
  void answer_ready(std::uint64_t connection, const received_request& request);
  void respond(std::uint64_t connection, const http_response& response,
               bool is_head);
  void tick();
  void arm();

  handle::pointer self_;
  metrics_actor metrics_;
  status_sources status_;
  http_clients ledger_;
  std::map<std::uint64_t, client> clients_;
  bool is_armed_ = false;
};

/// Spawn this.
using http_server = state_actor<http_server_state>;

} // namespace fsshare
