// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace fsshare::ctl {

/// An option as a shell completes it.
struct completed_option {
  /// As they are typed: `-o`, `--output`.
  std::vector<std::string> names;
  std::string about;
  bool takes_value = false;
  /// The values that there are, if they are few.
  std::vector<std::string> choices;
};

/// A command or a group of them as a shell completes it.
struct completed_command {
  /// The words that call it; empty for the program itself.
  std::string path;
  /// The last of them.
  std::string name;
  std::string about;
  std::vector<completed_option> options;
  /// Values of its first argument, if they are few.
  std::vector<std::string> choices;
  std::vector<completed_command> commands;
};

/// Reads what there is to complete from the parser, so that nothing else lists
/// the commands. Names and choices are words without quotes and blanks; throws
/// std::logic_error for others.
completed_command completed_commands(const CLI::App& app);

/// The shells that completion_script() knows.
inline constexpr const char* completion_shells[] = {"bash", "zsh", "fish"};

/// Writes what makes a shell complete the program. Options of the program are
/// taken by each command.
/// @param shell One of completion_shells.
std::string completion_script(const completed_command& program,
                              std::string_view shell);

} // namespace fsshare::ctl
