// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace fsshare;
using test::run_process;

TEST_SUITE_BEGIN("ctl/completion");

namespace {

using words = std::vector<std::string>;
using names = std::set<std::string>;

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

/// A shell with the script that fssharectl prints for it.
class shell {
public:
  /// @param driver Prints what the shell offers, a line each, for the words of
  /// a command line: $1 is the script, the others are the words.
  shell(const std::string& name, words run, const std::string& driver)
    : run_(std::move(run)), driver_(dir_.write("driver", driver)) {
    const auto script = run_process({FSSHARECTL_PROGRAM, "completion", name});
    REQUIRE(script.exit_code == 0);
    script_ = dir_.write("script", script.output);
  }

  /// What may follow, of what begins as the last word does.
  names complete(const words& line) const {
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

private:
  test::temp_dir dir_;
  words run_;
  std::string driver_;
  std::string script_;
};

shell bash() {
  return {"bash",
          {"bash", "--norc", "--noprofile"},
          R"(source "$1"
[[ $(complete -p fssharectl) == *'-F _fssharectl fssharectl' ]] || exit 1
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_fssharectl
printf '%s\n' "${COMPREPLY[@]}"
)"};
}

/// With the functions of zsh's completion, which needs a terminal, replaced by
/// ones that print what they are given.
shell zsh() {
  return {"zsh",
          {"zsh", "-f"},
          R"(compdef() { [[ "$*" == '_fssharectl fssharectl' ]] || exit 1 }
compadd() { print -rl -- "${(@P)2}" }
compset() { : }
_files() { : }
_describe() {
  local each
  [[ $1 == -o ]] && shift
  for each in "${(@P)2}"; do print -r -- "${each%%:*}"; done
}
source "$1"
shift
words=("$@")
CURRENT=$#
_fssharectl
)"};
}

shell fish() {
  return {"fish",
          {"fish", "--no-config"},
          R"(source $argv[1]
complete -C (string join ' ' -- $argv[2..-1]) | string split -f1 \t
true
)"};
}

bool is_there(const std::string& program) {
  return run_process({"/bin/sh", "-c", "command -v " + program}).exit_code == 0;
}

words with(words line, const std::string& last) {
  line.push_back(last);
  return line;
}

/// Looks that a shell offers at each command what `--help` lists there.
/// @returns how many commands there were.
int check_commands(const shell& in, const words& at, const names& everywhere) {
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

void check_shell(const shell& in) {
  CHECK(check_commands(in, {}, help_of({}).options) > 20);
  // Values of options are no commands, wherever they stand.
  CHECK(in.complete({"--endpoint", "share", "-o", "json", "sandbox", "pre"})
        == names{"prepare"});
  CHECK(in.complete({"sandbox", "--timeout", "1s", "cle"}) == names{"cleanup"});
  CHECK(in.complete({"nonsense", "prepar"}).empty());
}

} // namespace

TEST_CASE("bash completes what each --help lists") {
  const auto in = bash();
  check_shell(in);
  // As bash splits --mode=copy.
  CHECK(in.complete({"sandbox", "prepare", "--mode", "=", "c"})
        == names{"copy"});
  CHECK(in.complete({"sandbox", "prepare", "--mode", "=", "copy", "--nyd"})
        == names{"--nydusd"});
}

TEST_CASE("zsh completes what each --help lists") {
  if (!is_there("zsh")) {
    MESSAGE("skipped: there is no zsh");
    return;
  }
  check_shell(zsh());
}

TEST_CASE("fish completes what each --help lists") {
  if (!is_there("fish")) {
    MESSAGE("skipped: there is no fish");
    return;
  }
  check_shell(fish());
}

TEST_CASE("what is installed has each shell ask the program") {
  const auto path
    = "PATH=" + std::string{parent_path(FSSHARECTL_PROGRAM)} + ":/usr/bin:/bin";
  const auto says = [&path](const words& run) {
    words argv{"/usr/bin/env", path};
    argv.insert(argv.end(), run.begin(), run.end());
    const auto got = run_process(argv);
    CHECK(got.errors == "");
    return got.output;
  };
  CHECK(says({"bash", "--norc", "-c", R"(
    source packaging/completion/fssharectl.bash
    COMP_WORDS=(fssharectl sandbox pre)
    COMP_CWORD=2
    _fssharectl
    echo "${COMPREPLY[@]}")"})
        == "prepare\n");
  if (is_there("zsh"))
    CHECK(says({"zsh", "-f", "-c", R"(
      compdef() { : }
      _describe() { print -r -- "${(@P)2}" }
      fpath=(packaging/completion)
      autoload -U _fssharectl
      words=(fssharectl volume '')
      CURRENT=3
      _fssharectl)"})
            .starts_with("ls:"));
  if (is_there("fish"))
    CHECK(says({"fish", "--no-config", "-c", R"(
      source packaging/completion/fssharectl.fish
      complete -C 'fssharectl sandbox pre')"})
            .starts_with("prepare\t"));
}

TEST_CASE("no other shell is completed") {
  const auto got = run_process({FSSHARECTL_PROGRAM, "completion", "ksh"});
  CHECK(got.exit_code == 64);
  CHECK(got.errors.find("ksh") != std::string::npos);
}
