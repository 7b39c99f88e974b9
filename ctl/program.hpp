// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace fsshare::ctl {

/// Exit codes of fssharectl.
enum exit_code : int {
  done = 0,
  /// The node agent refused or failed; code and sentence are on stderr.
  refused = 1,
  /// The command line is wrong.
  wrong_usage = 64,
  /// Nobody answers at the endpoint.
  unreachable = 69,
  /// No answer within the timeout; one that says DEADLINE_EXCEEDED, as of a
  /// source, is an answer.
  deadline = 75,
};

/// How a call ended.
enum class call_end : std::uint8_t {
  answered,
  /// There was no connection, or it was lost.
  unreachable,
  timed_out,
};

/// What became of a call.
struct call_outcome {
  /// The payload of the reply, or the failure.
  result<std::string> reply;
  call_end end = call_end::answered;
};

/// Calls a method of `fsshare.v1.FilesystemShare` at a socket.
using caller = std::function<call_outcome(
  const std::string& endpoint, const char* method, const std::string& payload,
  std::chrono::nanoseconds timeout)>;

/// Calls over a real socket.
call_outcome call_node_agent(const std::string& endpoint, const char* method,
                             const std::string& payload,
                             std::chrono::nanoseconds timeout);

/// Runs the program.
/// @param args Without the program's name.
/// @returns one of exit_code.
int run(std::vector<std::string> args, const std::string& version,
        const caller& call, std::ostream& out, std::ostream& err);

} // namespace fsshare::ctl
