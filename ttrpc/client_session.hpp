// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/result.hpp"
#include "ttrpc/frame.hpp"

#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fsshare::ttrpc {

/// The client's side of one ttrpc connection: bytes and times in, bytes and
/// replies out. Passive and without threads; who owns it drives it.
class client_session {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What becomes of frames that answer no outstanding call.
  enum class strays : std::uint8_t {
    ignore,
    /// The peer does not speak ttrpc as we do. For owners that end the
    /// connection when a call expires, so that no late answer is a stray.
    refuse
  };

  struct limits {
    /// Of a response's frame, without its header.
    std::size_t max_response = max_frame_payload;
    strays on_stray = strays::ignore;
  };

  /// The answer to one call, by the stream id that call() returned.
  struct reply {
    std::uint32_t stream = 0;
    /// `errc::none` for success.
    errc code = errc::none;
    std::string message;
    bytes payload;
  };

  client_session();
  explicit client_session(const limits& with);

  /// Begins a call; its frame is appended to the output. Ids are 1, 3, 5 … in
  /// the order of the calls, which must be the order on the wire.
  /// @param payload Parts of one message, sent back to back, so that large data
  ///        is copied once.
  /// @param timeout Also sent to the server; none if zero.
  /// @returns the stream id, or `errc::resource_exhausted` for a frame of more
  ///          than 4 MiB, or `errc::unavailable` when all ids are used up; then
  ///          nothing is sent.
  result<std::uint32_t> call(std::string_view service, std::string_view method,
                             std::initializer_list<byte_view> payload,
                             std::chrono::nanoseconds timeout, time_point now);

  /// Takes the bytes that must be sent next.
  bytes take_output();

  /// Takes what arrived and returns the replies that it completes. Responses
  /// for calls that were answered, expired or never made are counted as strays,
  /// and like frames that are no responses ignored or refused. A response that
  /// is too large or cannot be decoded fails its call; where strays are
  /// refused, so is one that is too large. An error means that the peer does
  /// not speak ttrpc: the connection is of no more use.
  result<std::vector<reply>> receive(byte_view data);

  /// Gives up the calls whose deadline has passed; a late answer is ignored.
  std::vector<std::uint32_t> expire(time_point now);

  /// Returns when expire() has something to do.
  std::optional<time_point> next_deadline() const;

  /// Gives up all calls; their ids are returned in rising order.
  std::vector<std::uint32_t> abandon_all();

  std::size_t outstanding() const;

  /// Number of responses that belonged to no outstanding call.
  std::uint64_t stray_responses() const;

private:
  bool forget(std::uint32_t stream);
  status check(const frame& arrived) const;

  limits limits_;
  frame_decoder decoder_;
  bytes output_;
  std::uint32_t next_stream_ = 1;
  bool is_used_up_ = false;
  std::map<std::uint32_t, time_point> calls_;
  std::set<std::pair<time_point, std::uint32_t>> deadlines_;
  std::uint64_t stray_ = 0;
};

} // namespace fsshare::ttrpc
