// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/host_facts.hpp"
#include "ctl/conversation.hpp"

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
  /// The node agent refused or failed, code and sentence are on stderr; or
  /// doctor found something that fails.
  refused = 1,
  /// The command line is wrong.
  wrong_usage = 64,
  /// Nobody answers at the endpoint.
  unreachable = 69,
  /// No answer within the timeout; one that says DEADLINE_EXCEEDED, as of a
  /// source, is an answer.
  deadline = 75,
  /// The configuration cannot be read; of doctor only.
  wrong_config = 78,
};

/// How the program reaches what is outside of it.
struct surroundings {
  caller call;
  /// Looks at the host, for doctor.
  std::function<host_facts(const doctor_subject&)> look;
  /// Of this program, such as 0.1.0.
  std::string version;
  /// Who runs it.
  std::uint32_t user = 0;
};

/// Calls over a real socket.
call_outcome call_node_agent(const std::string& endpoint, const char* method,
                             const std::string& payload,
                             std::chrono::nanoseconds timeout);

/// Runs the program.
/// @param args Without the program's name.
/// @param version What `--version` prints.
/// @returns one of exit_code.
int run(std::vector<std::string> args, const std::string& version,
        const surroundings& with, std::ostream& out, std::ostream& err);

} // namespace fsshare::ctl
