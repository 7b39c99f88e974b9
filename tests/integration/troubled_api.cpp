// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/troubled_api.hpp"

#include "ttrpc/frame.hpp"

#include <stdexcept>
#include <utility>

namespace fsshare::test {

namespace {

guest::file_store open_store(const std::string& root) {
  auto store = guest::file_store::open(root, guest::profile::v4_0);
  if (!store)
    throw std::runtime_error(store.err().message);
  return *std::move(store);
}

/// A response frame with any payload.
bytes response_frame(std::uint32_t stream, const bytes& payload) {
  bytes out{0, 0, 0, 0, 0, 0, 0, 0, 2, 0};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto shift = 24 - 8 * i;
    out[i] = static_cast<std::uint8_t>(payload.size() >> shift);
    out[4 + i] = static_cast<std::uint8_t>(stream >> shift);
  }
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

} // namespace

troubled_api::troubled_api(const std::string& root, trouble what)
  : api_(open_store(root)), what_(what) {
}

bytes troubled_api::answer(const ttrpc::server_session& session,
                           const ttrpc::request& call) {
  constexpr std::uint64_t each = 5;
  const bool is_flip
    = as_text(call.payload).find("/..data") != std::string_view::npos;
  if (is_flip && what_ == trouble::denies && ++flips_ % 2 == 0)
    return session.respond(
      call.stream,
      {errc::permission_denied, "CopyFileRequest is blocked by policy"});
  const bool is_struck = guest::is_copy_file(call) && ++copies_ % each == 0;
  if (is_struck && what_ == trouble::sends_back)
    return response_frame(call.stream, call.payload);
  if (is_struck && what_ == trouble::babbles)
    return call.payload;
  const auto reply = api_.answer(session, call);
  if (!reply)
    return session.respond(call.stream, reply.err());
  return session.respond(call.stream, errc::none, "", *reply);
}

} // namespace fsshare::test
