// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/node_config.hpp"
#include "core/api/orphan_types.hpp"
#include "core/doctor/host_facts.hpp"
#include "ctl/conversation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <google/protobuf/message.h>
#include <iosfwd>
#include <optional>
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
  /// The configuration cannot be read; of doctor and gc only.
  wrong_config = 78,
};

/// Of a terminal, in characters.
struct terminal_size {
  std::size_t rows = 0;
  std::size_t columns = 0;
};

/// How the program reaches what is outside of it.
struct surroundings {
  caller call;
  /// Looks at the host, for doctor.
  std::function<host_facts(const node_config&, const doctor_subject&)> look;
  /// Does what CollectOrphans does where no node agent runs.
  std::function<result<collect_orphans_reply>(const node_config&,
                                              const collect_orphans_request&)>
    collect;
  /// Of this program, such as 0.1.0.
  std::string version;
  /// Who runs it.
  std::uint32_t user = 0;
  /// Returns how large the terminal is that it prints to; nothing where it is
  /// none. Null is none.
  std::function<std::optional<terminal_size>()> terminal = nullptr;
  /// Lets time pass.
  /// @returns false if it is to end instead.
  std::function<bool(std::chrono::nanoseconds)> pause = nullptr;
};

/// Calls over a real socket.
call_outcome call_node_agent(const std::string& endpoint, const char* method,
                             const std::string& payload,
                             std::chrono::nanoseconds timeout);

/// Reads the configuration of the node agent.
/// @param file Empty for the default one, which need not be there.
result<node_config> load_asked(const std::string& file, std::uint32_t user);

/// Says why something failed, and returns the code.
int complain(std::ostream& err, const error& why, exit_code code);

/// Returns the exit code of a call that failed.
exit_code exit_code_of(const call_outcome& outcome);

/// Returns a reply in protobuf's JSON mapping, with proto field names and
/// defaults.
result<std::string> to_json(const google::protobuf::Message& message);

/// Runs the program.
/// @param args Without the program's name.
/// @param version What `--version` prints.
/// @returns one of exit_code.
int run(std::vector<std::string> args, const std::string& version,
        const surroundings& with, std::ostream& out, std::ostream& err);

} // namespace fsshare::ctl
