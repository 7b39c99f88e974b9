// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/api_methods.hpp"
#include "core/net/client_ledger.hpp"
#include "log/events.hpp"
#include "messages/api_server.hpp"
#include "messages/events.hpp"
#include "messages/metrics.hpp"
#include "messages/node.hpp"
#include "messages/owners.hpp"
#include "messages/state_actor.hpp"
#include "ttrpc/server_session.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

struct api_server_options {
  /// Users that may call.
  std::vector<std::uint32_t> allowed_uids{0};
  /// What Version answers.
  std::string version;
  std::string build;
  /// Calls beyond them are RESOURCE_EXHAUSTED, clients are disconnected.
  client_ledger::limits limits = {};
  /// Answers that a client, and all of them, have not read; one with more is
  /// disconnected, and of all the one with the most.
  std::size_t max_unsent_bytes = std::size_t{16} << 20;
  std::size_t max_all_unsent_bytes = std::size_t{48} << 20;
};

/// Returns what a client is sent that is disconnected at once, because the node
/// agent has no descriptor for it: the answer to its first call.
bytes api_farewell();

/// What the API SERVER owns: the connections of its clients.
///
/// A client that goes away cancels nothing: its answers are dropped when they
/// come.
class api_server_state {
public:
  using handle = api_server_actor;
  static constexpr const char* name = "api-server";

  /// @param owners Null where sandboxes have none.
  /// @param events Null where nobody keeps them.
  api_server_state(handle::pointer self, node_actor node,
                   api_server_options options, owners_actor owners = {},
                   events_actor events = {});
  ~api_server_state();
  api_server_state(const api_server_state&) = delete;
  api_server_state& operator=(const api_server_state&) = delete;

  handle::behavior_type make_behavior();

private:
  struct client {
    byte_stream_ptr stream;
    ttrpc::server_session session{ttrpc::server_rules::go};
    std::uint32_t uid = 0;
    bool is_allowed = false;
    named_owner process;
  };

  /// Where the answer to a call goes.
  struct call_id {
    std::uint64_t connection = 0;
    std::uint32_t stream = 0;
    /// One of ours, not the client's text.
    const char* method = "";
    api_subject subject = {};
    /// What it counts in the ledger; 0 if it was refused.
    std::size_t charge = 0;
    /// Who calls, also when the client is gone by then.
    std::uint32_t uid = 0;
    std::int32_t pid = 0;
    std::string trace_id = {};
  };

  /// One that nobody else is asked for.
  using own_method
    = void (api_server_state::*)(const call_id&, const bytes& payload);

  static const std::map<std::string, own_method, std::less<>>& own_methods();

  void add(const api_connected& connected);
  void receive(const api_bytes& msg);
  void drop(std::uint64_t connection);
  /// Drops a client for what it did.
  void disconnect(std::uint64_t connection,
                  log::event<log_level::warning> event);
  void drop_overdue();
  void arm();
  void make_room(const api_descriptors& msg);
  void begin(std::uint64_t connection, client& from,
             const ttrpc::request& call);

  void check(const call_id& call, const bytes& payload);
  void version(const call_id& call, const bytes& payload);

  /// Says who had something changed, and what came of it.
  void audit(const call_id& call, errc code);

  /// Sends an answer, unless the client is gone. A refusal is sent before
  /// anything happened, a success or failure after.
  void succeed(const call_id& call, const std::string& reply);
  void fail(const call_id& call, error why);
  void answer(const call_id& call, errc code, const std::string& message,
              byte_view payload);
  /// Ends the connection of who does not read.
  void send(std::uint64_t connection, bytes frame);
  std::optional<std::uint64_t> worst_reader() const;
  metrics_part measure() const;
  client_ledger::time_point now() const;

  handle::pointer self_;
  node_actor node_;
  owners_actor owners_;
  events_actor events_;
  api_server_options options_;
  std::map<std::uint64_t, client> clients_;
  client_ledger ledger_;
  bool is_armed_ = false;
  metric_set counted_;
  api_descriptors::state descriptors_ = api_descriptors::state::enough;
};

/// Spawn this.
using api_server = state_actor<api_server_state>;

} // namespace fsshare
