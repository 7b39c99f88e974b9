// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "ctl/command.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace fsshare::ctl {

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

/// Makes a command's calls, one after the other until its reply is whole.
/// @param timeout For each.
/// @returns nothing, or why and how it failed.
call_outcome converse(command& what, const caller& call,
                      const std::string& endpoint,
                      std::chrono::nanoseconds timeout);

} // namespace fsshare::ctl
