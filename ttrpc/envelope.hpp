// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/result.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace fsshare::ttrpc {

/// A call, as it is before it is written.
struct request_head {
  std::uint32_t stream = 0;
  std::string_view service;
  std::string_view method;
  /// Relative; not sent if zero or negative.
  std::chrono::nanoseconds timeout{0};
};

/// A request as it arrived.
struct request {
  std::uint32_t stream = 0;
  std::string service;
  std::string method;
  bytes payload;
  /// Relative; none if zero or negative.
  std::chrono::nanoseconds timeout{0};
  /// Of the trace that its metadata name, as trace_id_of() has it.
  std::string trace_id = {};
};

/// What a response frame says.
struct response {
  /// `errc::none` for success.
  errc code = errc::none;
  std::string message;
  bytes payload;
};

/// How a success says that it is one. Failures are the same in both.
enum class success_encoding : std::uint8_t {
  /// No status, as containerd/ttrpc in Go; an empty payload makes an empty
  /// frame.
  without_status,
  /// A status without fields, as ttrpc-rust.
  empty_status,
};

/// Appends the frame of a request to `out`.
/// @param payload Parts of one message; each is copied exactly once.
/// @returns `errc::resource_exhausted` for a frame of more than 4 MiB; then
///          `out` is unchanged.
status append_request(bytes& out, const request_head& head,
                      std::initializer_list<byte_view> payload);

/// Appends the frame of a response to `out`; one that is larger than 4 MiB is
/// replaced by `errc::resource_exhausted`.
/// @param payload Ignored unless `code` is `errc::none`.
void append_response(bytes& out, std::uint32_t stream,
                     success_encoding encoding, errc code,
                     std::string_view message, byte_view payload);

/// Reads the payload of a request frame; nothing if it is no Request.
std::optional<request> decode_request(std::uint32_t stream, byte_view payload);

/// Reads the payload of a response frame; nothing if it is no Response. Without
/// a status, or with code 0, it is a success.
std::optional<response> decode_response(byte_view payload);

} // namespace fsshare::ttrpc
