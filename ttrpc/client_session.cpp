// SPDX-License-Identifier: Apache-2.0
#include "ttrpc/client_session.hpp"

#include "ttrpc/envelope.hpp"

#include <limits>
#include <utility>

namespace fsshare::ttrpc {

namespace {

/// The deadline of calls that have none.
constexpr auto never = client_session::time_point::max();

/// The first byte of every ttrpc frame is zero; longer announcements are
/// another protocol, such as the `HTT` of a web server.
constexpr std::uint32_t credible_length = 0x00ffffff;

client_session::time_point deadline_of(client_session::time_point now,
                                       std::chrono::nanoseconds timeout) {
  if (timeout.count() <= 0 || timeout >= never - now)
    return never;
  return now
         + std::chrono::duration_cast<client_session::time_point::duration>(
           timeout);
}

} // namespace

client_session::client_session() : client_session(limits{}) {
}

client_session::client_session(const limits& with)
  : limits_(with), decoder_(with.max_response) {
}

result<std::uint32_t>
client_session::call(std::string_view service, std::string_view method,
                     std::initializer_list<byte_view> payload,
                     std::chrono::nanoseconds timeout, time_point now) {
  if (is_used_up_)
    return error{errc::unavailable,
                 "call " + std::string{method}
                   + ": the connection has no stream id left"};
  const auto stream = next_stream_;
  const request_head head{stream, service, method, timeout};
  if (auto appended = append_request(output_, head, payload); !appended)
    return appended.err();
  is_used_up_ = stream == std::numeric_limits<std::uint32_t>::max();
  next_stream_ += 2;
  const auto deadline = deadline_of(now, timeout);
  calls_.emplace(stream, deadline);
  if (deadline != never)
    deadlines_.emplace(deadline, stream);
  return stream;
}

bytes client_session::take_output() {
  return std::exchange(output_, {});
}

bool client_session::forget(std::uint32_t stream) {
  const auto at = calls_.find(stream);
  if (at == calls_.end())
    return false;
  deadlines_.erase({at->second, stream});
  calls_.erase(at);
  return true;
}

status client_session::check(const frame& arrived) const {
  const auto& header = arrived.header;
  if (header.length > credible_length)
    return error{errc::unavailable, "the peer announced a frame of "
                                      + std::to_string(header.length)
                                      + " bytes and does not speak ttrpc"};
  if (limits_.on_stray == strays::ignore)
    return unit{};
  if (header.type != response_frame)
    return error{errc::unavailable, "the peer sent a frame of type "
                                      + std::to_string(header.type)
                                      + ", which is no response"};
  if (!calls_.contains(header.stream))
    return error{errc::unavailable, "the peer sent a response that nothing "
                                    "waits for, with the id "
                                      + std::to_string(header.stream)};
  if (arrived.is_oversize())
    return error{errc::unavailable,
                 "the peer announced a response of "
                   + std::to_string(header.length) + " bytes; at most "
                   + std::to_string(limits_.max_response) + " are expected"};
  return unit{};
}

result<std::vector<client_session::reply>>
client_session::receive(byte_view data) {
  std::vector<reply> out;
  for (const auto& arrived : decoder_.receive(data)) {
    const auto& header = arrived.header;
    if (auto credible = check(arrived); !credible)
      return credible.err();
    if (header.type != response_frame)
      continue;
    if (!forget(header.stream)) {
      ++stray_;
      continue;
    }
    if (arrived.is_oversize()) {
      out.push_back({header.stream,
                     errc::resource_exhausted,
                     "the response of " + std::to_string(header.length)
                       + " bytes is larger than a frame of "
                       + std::to_string(limits_.max_response) + " bytes",
                     {}});
      continue;
    }
    auto decoded = decode_response(arrived.payload);
    if (!decoded)
      decoded = response{errc::internal, "the response cannot be decoded", {}};
    out.push_back({header.stream, decoded->code, std::move(decoded->message),
                   std::move(decoded->payload)});
  }
  return out;
}

std::vector<std::uint32_t> client_session::expire(time_point now) {
  std::vector<std::uint32_t> out;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    out.push_back(deadlines_.begin()->second);
    forget(out.back());
  }
  return out;
}

std::optional<client_session::time_point>
client_session::next_deadline() const {
  if (deadlines_.empty())
    return std::nullopt;
  return deadlines_.begin()->first;
}

std::vector<std::uint32_t> client_session::abandon_all() {
  std::vector<std::uint32_t> out;
  out.reserve(calls_.size());
  for (const auto& call : calls_)
    out.push_back(call.first);
  calls_.clear();
  deadlines_.clear();
  return out;
}

std::size_t client_session::outstanding() const {
  return calls_.size();
}

std::uint64_t client_session::stray_responses() const {
  return stray_;
}

} // namespace fsshare::ttrpc
