// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/server_session.hpp"

#include <utility>

namespace fsshare::ttrpc {

namespace {

success_encoding encoding_of(server_rules rules) {
  return rules == server_rules::go ? success_encoding::without_status
                                   : success_encoding::empty_status;
}

} // namespace

server_session::server_session(server_rules rules) : rules_(rules) {
}

std::vector<request> server_session::receive(byte_view data) {
  std::vector<request> out;
  for (auto& arrived : decoder_.receive(data)) {
    const auto stream = arrived.header.stream;
    if (arrived.is_oversize()) {
      refuse(stream,
             rules_ == server_rules::go ? errc::resource_exhausted
                                        : errc::invalid_argument,
             "message length " + std::to_string(arrived.header.length)
               + " exceeds the maximum message size of "
               + std::to_string(max_frame_payload));
    } else if (stream % 2 == 0) {
      refuse(stream, errc::invalid_argument, "stream id must be odd");
    } else if (arrived.header.type == data_frame) {
      refuse(stream, errc::invalid_argument, "stream is no longer active");
    } else if (arrived.header.type == request_frame) {
      take_request(arrived, out);
    } else {
      ++ignored_;
    }
  }
  return out;
}

std::optional<server_session::open_frame> server_session::unfinished() const {
  if (!decoder_.is_inside_frame())
    return std::nullopt;
  return open_frame{decoder_.frames(), decoder_.buffered()};
}

std::uint64_t server_session::ignored_frames() const {
  return ignored_;
}

void server_session::take_request(const frame& arrived,
                                  std::vector<request>& into) {
  const auto stream = arrived.header.stream;
  if (rules_ == server_rules::go) {
    if (stream <= last_stream_) {
      refuse(stream, errc::invalid_argument,
             "stream id cannot be re-used and must increment");
      return;
    }
    last_stream_ = stream;
  }
  auto decoded = decode_request(stream, arrived.payload);
  if (decoded)
    into.push_back(*std::move(decoded));
  else
    refuse(stream, errc::invalid_argument, "request cannot be decoded");
}

void server_session::refuse(std::uint32_t stream, errc code,
                            std::string_view message) {
  append_response(output_, stream, encoding_of(rules_), code, message, {});
}

bytes server_session::take_output() {
  return std::exchange(output_, {});
}

bytes server_session::respond(std::uint32_t stream, errc code,
                              std::string_view message,
                              byte_view payload) const {
  bytes out;
  append_response(out, stream, encoding_of(rules_), code, message, payload);
  return out;
}

bytes server_session::respond(std::uint32_t stream,
                              const error& failure) const {
  return respond(stream, failure.code, failure.message, {});
}

error server_session::unknown_service(const request& call) const {
  if (rules_ == server_rules::go)
    return {errc::unimplemented, "service " + call.service};
  return {errc::invalid_argument, call.service + " service does not exist"};
}

error server_session::unknown_method(const request& call) const {
  if (rules_ == server_rules::go)
    return {errc::unimplemented, "method " + call.method};
  return {errc::unimplemented, call.method + " method"};
}

} // namespace fsshare::ttrpc
