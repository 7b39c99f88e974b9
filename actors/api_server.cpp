// SPDX-License-Identifier: Apache-2.0
#include "actors/api_server.hpp"

#include "actors/api_decode.hpp"
#include "core/api/features.hpp"
#include "core/text/utf8.hpp"
#include "log/log.hpp"
#include "messages/errors.hpp"
#include "proto/fsshare.pb.h"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

constexpr std::string_view service = "fsshare.v1.FilesystemShare";

/// Whether it was the call that was wrong, and nothing was tried.
bool is_refusal(errc code) {
  return code == errc::invalid_argument || code == errc::not_found
         || code == errc::already_exists || code == errc::permission_denied
         || code == errc::unimplemented;
}

/// Go's clients never send a frame of an unknown type; one or two may come
/// from a client of tomorrow.
constexpr std::uint64_t max_ignored_frames = 16;

/// No request that is meant well is as large.
constexpr std::size_t max_request_bytes = std::size_t{1} << 20;

/// What a call costs that waits, beside its request and what is read from it.
constexpr std::size_t call_cost = 2048;

/// The id of a client's first call, which most likely waits.
constexpr std::uint32_t first_stream = 1;

/// Unsent answers of one client from which on those of all are counted.
constexpr std::size_t unsent_worth_a_look = std::size_t{1} << 20;

/// Sentences may quote what a client sent; they are cut here.
constexpr std::size_t max_sentence_bytes = 1024;

} // namespace

bytes api_farewell() {
  return ttrpc::server_session{ttrpc::server_rules::go}.respond(
    first_stream, {errc::resource_exhausted,
                   "the node agent has no descriptor left for a connection"});
}

api_server_state::api_server_state(handle::pointer self, node_actor node,
                                   api_server_options options,
                                   owners_actor owners, events_actor events)
  : self_(self), node_(std::move(node)), owners_(std::move(owners)),
    events_(std::move(events)), options_(std::move(options)),
    ledger_(options_.limits) {
}

api_server_state::~api_server_state() {
  for (auto& [id, each] : clients_)
    each.stream->close();
}

api_server_state::handle::behavior_type api_server_state::make_behavior() {
  return {
    [this](const api_connected& connected) {
      add(connected);
    },
    [this](const api_bytes& arrived) {
      receive(arrived);
    },
    [this](const api_closed& closed) {
      drop(closed.connection);
    },
    [this](const api_descriptors& msg) {
      make_room(msg);
    },
    [this](api_tick) {
      is_armed_ = false;
      drop_overdue();
      arm();
    },
    [this](describe_metrics) {
      return measure();
    },
  };
}

const std::map<std::string, api_server_state::own_method, std::less<>>&
api_server_state::own_methods() {
  static const std::map<std::string, own_method, std::less<>> table{
    {"Check", &api_server_state::check},
    {"Version", &api_server_state::version},
  };
  return table;
}

client_ledger::time_point api_server_state::now() const {
  return self_->clock().now();
}

void api_server_state::add(const api_connected& connected) {
  const auto id = connected.connection;
  auto& added = clients_[id];
  added.stream = connected.stream;
  added.uid = connected.uid;
  added.process = connected.caller;
  const auto& allowed = options_.allowed_uids;
  added.is_allowed
    = std::find(allowed.begin(), allowed.end(), added.uid) != allowed.end();
  if (!added.is_allowed)
    log::warning("api-user-refused", {{"uid", added.uid}});
  if (const auto gone = ledger_.add(id, {added.uid, added.is_allowed}, now())) {
    log::warning("api-connections-exhausted",
                 {{"uid", added.uid}, {"connections", ledger_.size()}});
    if (*gone == id)
      send(id, added.session.respond(
                 first_stream, {errc::resource_exhausted,
                                "there are too many connections that wait for "
                                "answers"}));
    drop(*gone);
    if (*gone == id)
      return;
  }
  const auto me = caf::actor_cast<api_server_actor>(self_);
  added.stream->start({[me, id](received_bytes data) {
                         tell(me, api_bytes{id, std::move(data)});
                       },
                       [me, id](const error&) {
                         tell(me, api_closed{id});
                       }});
}

void api_server_state::receive(const api_bytes& msg) {
  const auto found = clients_.find(msg.connection);
  if (found == clients_.end())
    return;
  auto& from = found->second;
  const auto calls = from.session.receive(msg.arrived.data);
  if (from.session.ignored_frames() > max_ignored_frames)
    return disconnect(msg.connection, "api-client-sends-nonsense");
  std::optional<client_ledger::open_frame> begun;
  if (const auto frame = from.session.unfinished())
    begun = {frame->number, frame->bytes};
  const auto gone = ledger_.heard(msg.connection, begun, now());
  send(msg.connection, from.session.take_output());
  for (const auto& call : calls) {
    // An answer that was given at once may have ended the connection.
    if (!clients_.contains(msg.connection))
      break;
    begin(msg.connection, from, call);
  }
  if (gone)
    disconnect(*gone, "api-frames-exhausted");
  arm();
}

void api_server_state::drop(std::uint64_t connection) {
  const auto found = clients_.find(connection);
  if (found == clients_.end())
    return;
  found->second.stream->close();
  clients_.erase(found);
  ledger_.remove(connection);
  if (events_)
    tell(events_, watcher_gone{connection});
}

void api_server_state::disconnect(std::uint64_t connection,
                                  log::event<log_level::warning> event) {
  const auto found = clients_.find(connection);
  if (found == clients_.end())
    return;
  log::warning(event, {{"uid", found->second.uid}});
  drop(connection);
}

void api_server_state::drop_overdue() {
  for (const auto connection : ledger_.overdue(now()))
    disconnect(connection, "api-frame-overdue");
}

void api_server_state::arm() {
  const auto due = ledger_.next_due();
  if (!due || is_armed_)
    return;
  is_armed_ = true;
  tell_later(self_, handle{self_},
             std::max(*due - now(), client_ledger::time_point::duration{0}),
             api_tick{});
}

// Who is idle can connect again; what is under way cannot be begun again.
void api_server_state::make_room(const api_descriptors& msg) {
  const bool is_change = std::exchange(descriptors_, msg.left) != msg.left;
  if (msg.left == api_descriptors::state::enough) {
    if (is_change)
      log::info("descriptors-enough");
    return;
  }
  if (is_change)
    log::warning("descriptors-few", {{"connections", ledger_.size()}});
  if (const auto idlest = ledger_.idlest())
    drop(*idlest);
}

void api_server_state::begin(std::uint64_t connection, client& from,
                             const ttrpc::request& call) {
  call_id id{connection, call.stream, ""};
  id.uid = from.uid;
  if (const auto* process = std::get_if<process_identity>(&from.process))
    id.pid = process->pid;
  id.trace_id = call.trace_id;
  if (!from.is_allowed)
    return fail(
      id, {errc::permission_denied, "user " + std::to_string(from.uid)
                                      + " is not one of api.allowed_uids"});
  if (call.service != service)
    return fail(id, from.session.unknown_service(call));
  const auto of_node = api_methods().find(call.method);
  const auto own = own_methods().find(call.method);
  const bool is_of_node = of_node != api_methods().end();
  if (!is_of_node && own == own_methods().end())
    return fail(id, from.session.unknown_method(call));
  id.method = is_of_node ? of_node->first.c_str() : own->first.c_str();
  if (call.payload.size() > max_request_bytes)
    return fail(id, {errc::invalid_argument,
                     "the request has " + std::to_string(call.payload.size())
                       + " bytes; at most " + std::to_string(max_request_bytes)
                       + " are taken"});
  const auto charge = call_cost + 2 * call.payload.size();
  if (auto full = ledger_.begin_call(connection, charge))
    return fail(id, {errc::resource_exhausted, *std::move(full)});
  id.charge = charge;
  if (!is_of_node)
    return (this->*own->second)(id, call.payload);
  of_node->second(
    {self_, node_, owners_, events_, from.process, connection}, call.payload,
    [this, id](const api_subject& subject, const result<std::string>& reply) {
      auto known = id;
      known.subject = subject;
      if (reply)
        succeed(known, *reply);
      else
        fail(known, reply.err());
    });
}

void api_server_state::check(const call_id& call, const bytes& payload) {
  if (const auto decoded = decode_request<v1::CheckRequest>(payload); !decoded)
    return fail(call, decoded.err());
  v1::CheckReply reply;
  reply.set_status(v1::CheckReply::SERVING);
  succeed(call, reply.SerializeAsString());
}

void api_server_state::version(const call_id& call, const bytes& payload) {
  if (const auto decoded = decode_request<v1::VersionRequest>(payload);
      !decoded)
    return fail(call, decoded.err());
  v1::VersionReply reply;
  reply.set_version(options_.version);
  reply.set_build(options_.build);
  for (const auto feature : api_features)
    reply.add_features(std::string{feature});
  succeed(call, reply.SerializeAsString());
}

void api_server_state::succeed(const call_id& call, const std::string& reply) {
  log::debug("api-call", {{"method", call.method}, {"code", "OK"}});
  audit(call, errc::none);
  answer(call, errc::none, {}, as_bytes(reply));
}

void api_server_state::fail(const call_id& call, error why) {
  why.message = without_middle(valid_utf8(why.message), max_sentence_bytes);
  const log::fields values{{"method", call.method},
                           {"sandbox", call.subject.sandbox},
                           {"container", call.subject.container},
                           {"code", to_string(why.code)},
                           {"error", why.message},
                           {"uid", call.uid},
                           {"pid", call.pid},
                           {"trace_id", call.trace_id}};
  // The only line about it: who works for the call logs no failure of it.
  if (is_refusal(why.code))
    log::info("api-call-failed", values);
  else
    log::warning("api-call-failed", values);
  audit(call, why.code);
  answer(call, why.code, why.message, {});
}

void api_server_state::audit(const call_id& call, errc code) {
  if (call.subject.is_to != api_subject::purpose::change)
    return;
  // Of a failure there is a line already.
  if (code == errc::none)
    log::info("call-audited", {{"method", call.method},
                               {"sandbox", call.subject.sandbox},
                               {"container", call.subject.container},
                               {"uid", call.uid},
                               {"pid", call.pid},
                               {"trace_id", call.trace_id}});
  node_event what{event_id::call_audited, call.subject.sandbox,
                  call.subject.container};
  what.caller = std::make_shared<event_caller>(
    event_caller{call.uid, call.pid, call.method, code, call.trace_id});
  note(events_, std::move(what));
}

void api_server_state::answer(const call_id& call, errc code,
                              const std::string& message, byte_view payload) {
  counted_.add(
    "kata_fsshare_api_calls_total", 1,
    {*call.method == '\0' ? "unknown" : call.method, to_string(code)});
  if (call.charge != 0)
    ledger_.end_call(call.connection, call.charge);
  const auto found = clients_.find(call.connection);
  if (found == clients_.end())
    return;
  send(call.connection,
       found->second.session.respond(call.stream, code, message, payload));
}

metrics_part api_server_state::measure() const {
  metrics_part out{counted_};
  out.metrics.add("kata_fsshare_api_clients",
                  static_cast<double>(ledger_.size()));
  return out;
}

void api_server_state::send(std::uint64_t connection, bytes frame) {
  const auto found = clients_.find(connection);
  if (found == clients_.end() || frame.empty())
    return;
  auto& to = found->second;
  to.stream->send(std::move(frame));
  const auto unsent = to.stream->unsent();
  auto worst = unsent > options_.max_unsent_bytes ? std::optional{connection}
                                                  : std::nullopt;
  // Most clients read at once.
  if (!worst && unsent > unsent_worth_a_look)
    worst = worst_reader();
  if (worst)
    disconnect(*worst, "api-client-does-not-read");
}

std::optional<std::uint64_t> api_server_state::worst_reader() const {
  std::size_t all = 0;
  std::pair<std::size_t, std::uint64_t> worst{0, 0};
  for (const auto& [connection, each] : clients_) {
    const auto unsent = each.stream->unsent();
    all += unsent;
    worst = std::max(worst, {unsent, connection});
  }
  if (all <= options_.max_all_unsent_bytes)
    return std::nullopt;
  return worst.second;
}

} // namespace fsshare
