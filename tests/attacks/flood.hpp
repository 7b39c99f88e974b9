// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "ttrpc/frame.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <thread>

#include <sys/socket.h>

namespace fsshare::test {

/// What a node agent may take, in bytes; what sanitizers add is allowed.
constexpr std::uint64_t memory_limit(std::uint64_t plain,
                                     std::uint64_t sanitized) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return sanitized + 0 * plain;
#else
  return plain + 0 * sanitized;
#endif
}

/// Returns a MiB of frames with this header, their contents zeros.
inline bytes frames_like(const ttrpc::frame_header& one) {
  bytes out;
  const auto head = ttrpc::encode_frame_header(one);
  while (out.size() < (std::size_t{1} << 20)) {
    out.insert(out.end(), head.begin(), head.end());
    out.insert(out.end(), one.length, 0);
  }
  return out;
}

/// Sends as much of a block as the peer takes now.
/// @param sent Grows by that.
/// @returns false when the connection has ended.
template <class Count>
bool flood_once(int socket, const bytes& block, Count& sent) {
  const auto n
    = ::send(socket, block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0)
    sent += static_cast<std::uint64_t>(n);
  else if (errno == EAGAIN)
    std::this_thread::yield();
  else
    return false;
  return true;
}

} // namespace fsshare::test
