// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "sys/net/io_loop.hpp"
#include "sys/unique_fd.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace fsshare {

/// The line that ended and the socket it came from.
struct handshake_line {
  unique_fd socket;
  /// Without its newline.
  std::string text;
};

/// Longest line of a handshake that is read, in bytes.
constexpr std::size_t max_handshake_line = 256;

/// Reads one line, and not one byte behind its newline.
/// @param socket Non-blocking; closed on failure.
/// @param limit For the whole line.
/// @param then Called once in the thread of the loop, unless the loop stops
///        before. Fails with `errc::unavailable` and a sentence that says only
///        what is wrong: the caller adds with whom.
void read_handshake_line(io_loop& loop, unique_fd socket,
                         std::chrono::milliseconds limit,
                         std::function<void(result<handshake_line>)> then);

/// Writes a line, which must be as short as those that are read, to a socket
/// with nothing else to send.
/// @returns 0 or an errno value.
int send_handshake_line(int socket, const std::string& line);

} // namespace fsshare
