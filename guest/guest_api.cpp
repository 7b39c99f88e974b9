// SPDX-License-Identifier: Apache-2.0
#include "guest/guest_api.hpp"

#include "core/text/utf8.hpp"
#include "proto/agent.pb.h"
#include "ttrpc/copy_file.hpp"

namespace fsshare::guest {

namespace {

bool parse(google::protobuf::MessageLite& into, byte_view payload) {
  // Frames are at most 4 MiB, so the size fits.
  return into.ParseFromArray(payload.data(), static_cast<int>(payload.size()));
}

bytes serialize(const google::protobuf::MessageLite& from) {
  bytes out(from.ByteSizeLong());
  from.SerializeToArray(out.data(), static_cast<int>(out.size()));
  return out;
}

// ttrpc-rust answers a payload it cannot decode with UNKNOWN.
error undecodable(const char* why) {
  return {errc::unknown, std::string{"ttrpc err: "} + why};
}

result<bytes> check(byte_view payload) {
  grpc::CheckRequest request;
  if (!parse(request, payload))
    return undecodable("Unexpected EOF");
  grpc::HealthCheckResponse reply;
  reply.set_status(grpc::HealthCheckResponse::SERVING);
  return serialize(reply);
}

} // namespace

bool is_copy_file(const ttrpc::request& call) {
  return call.service == ttrpc::agent_service
         && call.method == ttrpc::copy_file_method;
}

guest_api::guest_api(file_store store) : store_(std::move(store)) {
}

result<bytes> guest_api::answer(const ttrpc::server_session& session,
                                const ttrpc::request& call) const {
  if (is_copy_file(call))
    return copy_file(call.payload);
  if (call.service == ttrpc::health_service
      && call.method == ttrpc::check_method)
    return check(call.payload);
  if (call.service == ttrpc::health_service
      && call.method == ttrpc::version_method)
    return version();
  if (call.service == ttrpc::agent_service
      || call.service == ttrpc::health_service)
    return session.unknown_method(call);
  return session.unknown_service(call);
}

result<bytes> guest_api::copy_file(byte_view payload) const {
  grpc::CopyFileRequest message;
  if (!parse(message, payload))
    return undecodable("Unexpected EOF");
  if (!is_utf8(message.path()))
    return undecodable("Invalid UTF-8 sequence");
  copy_file_request request;
  request.path = std::move(*message.mutable_path());
  request.file_size = message.file_size();
  request.file_mode = message.file_mode();
  request.dir_mode = message.dir_mode();
  request.uid = message.uid();
  request.gid = message.gid();
  request.offset = message.offset();
  request.data = as_bytes(message.data());
  if (auto done = store_.copy_file(request); !done)
    return done.err();
  return bytes{};
}

result<bytes> guest_api::version() const {
  grpc::VersionCheckResponse reply;
  reply.set_grpc_version("0.0.1");
  reply.set_agent_version(std::string{agent_version(store_.behaviour())});
  return serialize(reply);
}

} // namespace fsshare::guest
