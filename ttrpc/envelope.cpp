// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/envelope.hpp"

#include "core/net/trace_parent.hpp"
#include "proto/ttrpc.pb.h"
#include "ttrpc/frame.hpp"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <array>

namespace fsshare::ttrpc {

namespace {

using google::protobuf::io::CodedOutputStream;

// Tags of proto/ttrpc.proto: field number << 3 | wire type.
constexpr std::uint8_t request_service_tag = 1 << 3 | 2;
constexpr std::uint8_t request_method_tag = 2 << 3 | 2;
constexpr std::uint8_t request_payload_tag = 3 << 3 | 2;
constexpr std::uint8_t request_timeout_tag = 4 << 3 | 0;
constexpr std::uint8_t response_status_tag = 1 << 3 | 2;
constexpr std::uint8_t response_payload_tag = 2 << 3 | 2;
constexpr std::uint8_t status_code_tag = 1 << 3 | 0;
constexpr std::uint8_t status_message_tag = 2 << 3 | 2;

/// A failure's sentence is cut here, so that it always fits a frame.
constexpr std::size_t max_message = std::size_t{64} << 10;

std::size_t field_size(std::size_t length) {
  return 1 + CodedOutputStream::VarintSize64(length) + length;
}

void put(bytes& out, byte_view data) {
  out.insert(out.end(), data.begin(), data.end());
}

void put_varint(bytes& out, std::uint8_t tag, std::uint64_t value) {
  std::array<std::uint8_t, 11> room{tag};
  const auto* end
    = CodedOutputStream::WriteVarint64ToArray(value, room.data() + 1);
  put(out, {room.data(), static_cast<std::size_t>(end - room.data())});
}

void put_text(bytes& out, std::uint8_t tag, std::string_view text) {
  if (text.empty())
    return;
  put_varint(out, tag, text.size());
  put(out, as_bytes(text));
}

std::size_t text_size(std::string_view text) {
  return text.empty() ? 0 : field_size(text.size());
}

void put_header(bytes& out, std::size_t length, std::uint32_t stream,
                std::uint8_t type) {
  put(out, encode_frame_header(
             {static_cast<std::uint32_t>(length), stream, type, 0}));
}

void append_failure(bytes& out, std::uint32_t stream, errc code,
                    std::string_view message) {
  message = message.substr(0, max_message);
  const auto code_size = std::size_t{2}; // all codes are below 128
  const auto status_size = code_size + text_size(message);
  put_header(out, field_size(status_size), stream, response_frame);
  put_varint(out, response_status_tag, status_size);
  put_varint(out, status_code_tag, static_cast<std::uint64_t>(code));
  put_text(out, status_message_tag, message);
}

std::string too_large(std::string_view what, std::size_t size) {
  return std::string{what} + " of " + std::to_string(size)
         + " bytes is larger than a frame of 4194304 bytes";
}

} // namespace

status append_request(bytes& out, const request_head& head,
                      std::initializer_list<byte_view> payload) {
  std::size_t payload_size = 0;
  for (const auto& part : payload)
    payload_size += part.size();
  const auto timeout = static_cast<std::uint64_t>(head.timeout.count());
  const auto has_timeout = head.timeout.count() > 0;
  auto size = text_size(head.service) + text_size(head.method);
  if (payload_size > 0)
    size += field_size(payload_size);
  if (has_timeout)
    size += 1 + CodedOutputStream::VarintSize64(timeout);
  if (size > max_frame_payload)
    return error{errc::resource_exhausted,
                 too_large("request " + std::string{head.method}, size)};
  out.reserve(out.size() + frame_header_size + size);
  put_header(out, size, head.stream, request_frame);
  put_text(out, request_service_tag, head.service);
  put_text(out, request_method_tag, head.method);
  if (payload_size > 0) {
    put_varint(out, request_payload_tag, payload_size);
    for (const auto& part : payload)
      put(out, part);
  }
  if (has_timeout)
    put_varint(out, request_timeout_tag, timeout);
  return unit{};
}

void append_response(bytes& out, std::uint32_t stream,
                     success_encoding encoding, errc code,
                     std::string_view message, byte_view payload) {
  if (code != errc::none) {
    append_failure(out, stream, code, message);
    return;
  }
  const auto has_status = encoding == success_encoding::empty_status;
  auto size = has_status ? field_size(0) : 0;
  if (!payload.empty())
    size += field_size(payload.size());
  if (size > max_frame_payload) {
    append_failure(out, stream, errc::resource_exhausted,
                   too_large("response", size));
    return;
  }
  out.reserve(out.size() + frame_header_size + size);
  put_header(out, size, stream, response_frame);
  if (has_status)
    put_varint(out, response_status_tag, 0);
  if (!payload.empty()) {
    put_varint(out, response_payload_tag, payload.size());
    put(out, payload);
  }
}

namespace {

/// Callers have a handful.
constexpr int most_metadata = 64;

std::string trace_of(const wire::Request& in) {
  for (int i = 0; i < std::min(in.metadata_size(), most_metadata); ++i)
    if (in.metadata(i).key() == trace_parent_key)
      return trace_id_of(in.metadata(i).value());
  return {};
}

} // namespace

std::optional<request> decode_request(std::uint32_t stream, byte_view payload) {
  wire::Request read;
  if (!read.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return std::nullopt;
  const auto data = as_bytes(read.payload());
  return request{stream,
                 read.service(),
                 read.method(),
                 bytes(data.begin(), data.end()),
                 std::chrono::nanoseconds{read.timeout_nano()},
                 trace_of(read)};
}

std::optional<response> decode_response(byte_view payload) {
  wire::Response read;
  if (!read.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return std::nullopt;
  const auto data = as_bytes(read.payload());
  response out{to_errc(read.status().code()), read.status().message(), {}};
  // A failure has no result, whatever the peer added.
  if (out.code == errc::none)
    out.payload.assign(data.begin(), data.end());
  return out;
}

} // namespace fsshare::ttrpc
