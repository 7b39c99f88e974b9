// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/completing_shell.hpp"

#include "tests/support/child_process.hpp"

#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <sstream>
#include <utility>

namespace fsshare::test {

namespace {

using words = completing_shell::words;
using names = completing_shell::names;

/// What a `--help` lists.
struct listing {
  names commands;
  names options;
  /// Of options with few values.
  std::map<std::string, names> choices;
  /// Of the argument, if it has few values.
  names argument_choices;
};

names split(const std::string& text, char at) {
  names all;
  std::istringstream parts{text};
  for (std::string part; std::getline(parts, part, at);)
    if (!part.empty())
      all.insert(part);
  return all;
}

listing help_of(words command) {
  command.insert(command.begin(), FSSHARECTL_PROGRAM);
  command.emplace_back("--help");
  const auto help = run_process(command);
  REQUIRE(help.exit_code == 0);
  listing out;
  std::string section;
  static const std::regex option{
    R"( +(?:-[a-zA-Z],)?(--[a-z-]+)(?: [A-Z]*(?::\{([^}]*)\})?)?.*)"};
  static const std::regex argument{R"(  [A-Z_]+ [A-Z]+:\{([^}]*)\}.*)"};
  static const std::regex inner{"  ([a-z-]+) .*"};
  std::istringstream lines{help.output};
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (!line.starts_with(" "))
      section = line;
    else if (section == "Subcommands:" && std::regex_match(line, found, inner))
      out.commands.insert(found.str(1));
    else if (section == "Positionals:"
             && std::regex_match(line, found, argument))
      out.argument_choices = split(found.str(1), ',');
    else if (std::regex_match(line, found, option)) {
      out.options.insert(found.str(1));
      if (found[2].matched)
        out.choices[found.str(1)] = split(found.str(2), ',');
    }
  }
  return out;
}

words with(words line, const std::string& last) {
  line.push_back(last);
  return line;
}

/// Looks that a shell offers at each command what `--help` lists there.
/// @returns how many commands there were.
int check_commands(const completing_shell& in, const words& at,
                   const names& everywhere) {
  const auto listed = help_of(at);
  std::string place;
  for (const auto& word : at)
    place += " " + word;
  CAPTURE(place);
  if (!listed.commands.empty())
    CHECK(in.complete(with(at, "")) == listed.commands);
  if (!listed.argument_choices.empty())
    CHECK(in.complete(with(at, "")) == listed.argument_choices);
  auto options = listed.options;
  options.insert(everywhere.begin(), everywhere.end());
  CHECK(in.complete(with(at, "--")) == options);
  for (const auto& each : listed.choices)
    CHECK_MESSAGE(in.complete(with(with(at, each.first), "")) == each.second,
                  each.first);
  int seen = 1;
  for (const auto& command : listed.commands)
    seen += check_commands(in, with(at, command), everywhere);
  return seen;
}

} // namespace

completing_shell::completing_shell(const std::string& name, words run,
                                   const std::string& driver)
  : run_(std::move(run)), driver_(dir_.write("driver", driver)) {
  const auto script = run_process({FSSHARECTL_PROGRAM, "completion", name});
  REQUIRE(script.exit_code == 0);
  script_ = dir_.write("script", script.output);
}

names completing_shell::complete(const words& line) const {
  words argv{"/usr/bin/env", "HOME=" + dir_.path()};
  argv.insert(argv.end(), run_.begin(), run_.end());
  argv.push_back(driver_);
  argv.push_back(script_);
  argv.emplace_back("fssharectl");
  argv.insert(argv.end(), line.begin(), line.end());
  const auto got = run_process(argv);
  REQUIRE_MESSAGE(got.exit_code == 0, got.errors);
  CHECK(got.errors == "");
  names all;
  for (const auto& each : split(got.output, '\n'))
    if (each.starts_with(line.back()))
      all.insert(each);
  return all;
}

void check_shell(const completing_shell& in) {
  CHECK(check_commands(in, {}, help_of({}).options) > 20);
  // Values of options are no commands, wherever they stand.
  CHECK(in.complete({"--endpoint", "share", "-o", "json", "sandbox", "pre"})
        == names{"prepare"});
  CHECK(in.complete({"sandbox", "--timeout", "1s", "cle"}) == names{"cleanup"});
  CHECK(in.complete({"nonsense", "prepar"}).empty());
}

} // namespace fsshare::test
