// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/command.hpp"

#include <string>
#include <variant>
#include <vector>

namespace fsshare::ctl {

/// A command line that asks for no call: for help or a version, or mistyped.
struct usage {
  /// 0 for what was asked for, 64 for mistakes.
  int exit_code = 0;
  /// For stdout if the code is 0, otherwise for stderr.
  std::string text;
};

/// Reads the arguments of fssharectl, without the program's name.
/// @param version What `--version` prints.
std::variant<invocation, usage>
parse_command_line(std::vector<std::string> args, const std::string& version);

} // namespace fsshare::ctl
