#include "actors/api_server.hpp"

#include "actors/api_convert.hpp"
#include "core/share_request.hpp"
#include "core/utf8.hpp"
#include "log/log.hpp"
#include "messages/errors.hpp"

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

/// Returns the same call with what it is about, for the log.
template <class Call, class Request>
Call about(Call call, const Request& request) {
  call.sandbox = request.sandbox_id;
  if constexpr (requires { request.container_id; })
    call.container = request.container_id;
  return call;
}

/// Sentences may quote what a client sent; they are cut here.
constexpr std::size_t max_sentence_bytes = 1024;

template <class Message>
result<Message> decode(const bytes& payload) {
  Message out;
  if (!out.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return error{errc::invalid_argument,
                 out.GetTypeName() + " cannot be decoded"};
  return out;
}

} // namespace

api_server_state::api_server_state(handle::pointer self, node_actor node,
                                   api_server_options options)
  : self_(self), node_(std::move(node)), options_(std::move(options)) {
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
  };
}

const std::map<std::string, api_server_state::method_handler, std::less<>>&
api_server_state::methods() {
  using self = api_server_state;
  static const std::map<std::string, method_handler, std::less<>> table{
    {"Prepare", &self::pass_on<v1::PrepareRequest, prepare_reply>},
    {"Cleanup", &self::pass_on<v1::CleanupRequest, cleanup_reply>},
    {"ShareFile", &self::pass_on<v1::ShareFileRequest, share_file_reply>},
    {"UnshareFile", &self::pass_on<v1::UnshareFileRequest, unshare_file_reply>},
    {"UnshareContainer",
     &self::pass_on<v1::UnshareContainerRequest, unshare_container_reply>},
    {"ShareRootFilesystem",
     &self::pass_on<v1::ShareRootFilesystemRequest, share_rootfs_reply>},
    {"UnshareRootFilesystem",
     &self::pass_on<v1::UnshareRootFilesystemRequest, unshare_rootfs_reply>},
    {"StartFileEventWatcher",
     &self::pass_on<v1::StartFileEventWatcherRequest, start_watcher_reply>},
    {"StopFileEventWatcher",
     &self::pass_on<v1::StopFileEventWatcherRequest, stop_watcher_reply>},
    {"ListSandboxes",
     &self::pass_on<v1::ListSandboxesRequest, list_sandboxes_reply>},
    {"GetSandbox", &self::pass_on<v1::GetSandboxRequest, get_sandbox_reply>},
    {"ListVolumes", &self::pass_on<v1::ListVolumesRequest, list_volumes_reply>},
    {"Check", &self::check},
    {"Version", &self::version},
  };
  return table;
}

void api_server_state::add(const api_connected& connected) {
  const auto id = connected.connection;
  auto& added = clients_[id];
  added.stream = connected.stream;
  added.uid = connected.uid;
  const auto& allowed = options_.allowed_uids;
  added.is_allowed
    = std::find(allowed.begin(), allowed.end(), added.uid) != allowed.end();
  if (!added.is_allowed)
    log::warning("api-user-refused", {{"uid", added.uid}});
  const auto me = caf::actor_cast<api_server_actor>(self_);
  added.stream->start({[me, id](bytes data) {
                         tell(me, api_bytes{id, std::move(data)});
                       },
                       [me, id](const error&) {
                         tell(me, api_closed{id});
                       }});
}

void api_server_state::receive(const api_bytes& arrived) {
  const auto found = clients_.find(arrived.connection);
  if (found == clients_.end())
    return;
  auto& from = found->second;
  const auto calls = from.session.receive(arrived.data);
  send(from, from.session.take_output());
  for (const auto& call : calls) {
    // An answer that was given at once may have ended the connection.
    if (!clients_.contains(arrived.connection))
      return;
    begin(arrived.connection, from, call);
  }
}

void api_server_state::drop(std::uint64_t connection) {
  const auto found = clients_.find(connection);
  if (found == clients_.end())
    return;
  found->second.stream->close();
  clients_.erase(found);
}

void api_server_state::begin(std::uint64_t connection, client& from,
                             const ttrpc::request& call) {
  ++from.calls;
  call_id id{connection, call.stream, ""};
  if (!from.is_allowed)
    return fail(
      id, {errc::permission_denied, "user " + std::to_string(from.uid)
                                      + " is not one of api.allowed_uids"});
  if (call.service != service)
    return fail(id, from.session.unknown_service(call));
  const auto method = methods().find(call.method);
  if (method == methods().end())
    return fail(id, from.session.unknown_method(call));
  id.method = method->first.c_str();
  if (from.calls > options_.max_calls)
    return fail(id, {errc::resource_exhausted,
                     "more than " + std::to_string(options_.max_calls)
                       + " calls of one connection wait for their answers"});
  (this->*method->second)(id, call.payload);
}

template <class WireRequest, class Reply>
void api_server_state::pass_on(const call_id& call, const bytes& payload) {
  const auto decoded = decode<WireRequest>(payload);
  if (!decoded)
    return fail(call, decoded.err());
  auto request = checked(from_wire(*decoded));
  if (!request)
    return fail(call, request.err());
  const auto known = about(call, *request);
  ask(self_, node_, *std::move(request))
    .then(
      [this, known](const Reply& reply) {
        succeed(known, to_wire(reply).SerializeAsString());
      },
      [this, known](const caf::error& why) {
        fail(known, from_caf(why));
      });
}

void api_server_state::check(const call_id& call, const bytes& payload) {
  if (const auto decoded = decode<v1::CheckRequest>(payload); !decoded)
    return fail(call, decoded.err());
  v1::CheckReply reply;
  reply.set_status(v1::CheckReply::SERVING);
  succeed(call, reply.SerializeAsString());
}

void api_server_state::version(const call_id& call, const bytes& payload) {
  if (const auto decoded = decode<v1::VersionRequest>(payload); !decoded)
    return fail(call, decoded.err());
  v1::VersionReply reply;
  reply.set_version(options_.version);
  reply.set_build(options_.build);
  succeed(call, reply.SerializeAsString());
}

void api_server_state::succeed(const call_id& call, const std::string& reply) {
  log::debug("api-call", {{"method", call.method}, {"code", "OK"}});
  answer(call, errc::none, {}, as_bytes(reply));
}

void api_server_state::fail(const call_id& call, error why) {
  why.message
    = valid_utf8(std::string_view{why.message}.substr(0, max_sentence_bytes));
  const log::fields values{{"method", call.method},
                           {"sandbox", call.sandbox},
                           {"container", call.container},
                           {"code", to_string(why.code)},
                           {"error", why.message}};
  // The only line about it: who works for the call logs no failure of it.
  if (is_refusal(why.code))
    log::info("api-call-failed", values);
  else
    log::warning("api-call-failed", values);
  answer(call, why.code, why.message, {});
}

void api_server_state::answer(const call_id& call, errc code,
                              const std::string& message, byte_view payload) {
  const auto found = clients_.find(call.connection);
  if (found == clients_.end())
    return;
  auto& to = found->second;
  --to.calls;
  send(to, to.session.respond(call.stream, code, message, payload));
  if (to.stream->unsent() <= options_.max_unsent_bytes)
    return;
  log::warning("api-client-does-not-read", {{"uid", to.uid}});
  drop(call.connection);
}

void api_server_state::send(client& to, bytes frame) {
  if (!frame.empty())
    to.stream->send(std::move(frame));
}

} // namespace fsshare
