// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/completing_shell.hpp"

#include "core/paths.hpp"
#include "tests/support/child_process.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

TEST_SUITE_BEGIN("operators/completion");

namespace {

/// With the functions of zsh's completion, which needs a terminal, replaced by
/// ones that print what they are given.
completing_shell zsh() {
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

completing_shell fish() {
  return {"fish",
          {"fish", "--no-config"},
          R"(source $argv[1]
complete -C (string join ' ' -- $argv[2..-1]) | string split -f1 \t
true
)"};
}

bool lacks(const std::string& program) {
  if (run_process({"/bin/sh", "-c", "command -v " + program}).exit_code == 0)
    return false;
  MESSAGE("skipped: there is no " << program);
  return true;
}

/// What a shell says that has our programs in its path.
std::string said_by(const std::vector<std::string>& run) {
  const std::string folder{parent_path(FSSHARECTL_PROGRAM)};
  std::vector<std::string> argv{"/usr/bin/env",
                                "PATH=" + folder + ":/usr/bin:/bin"};
  argv.insert(argv.end(), run.begin(), run.end());
  const auto got = run_process(argv);
  CHECK(got.errors == "");
  return got.output;
}

} // namespace

TEST_CASE("zsh completes what each --help lists") {
  if (lacks("zsh"))
    return;
  check_shell(zsh());
}

TEST_CASE("fish completes what each --help lists") {
  if (lacks("fish"))
    return;
  check_shell(fish());
}

TEST_CASE("what is installed has zsh ask the program") {
  if (lacks("zsh"))
    return;
  CHECK(said_by({"zsh", "-f", "-c", R"(
      compdef() { : }
      _describe() { print -r -- "${(@P)2}" }
      fpath=(packaging/completion)
      autoload -U _fssharectl
      words=(fssharectl volume '')
      CURRENT=3
      _fssharectl)"})
          .starts_with("ls:"));
}

TEST_CASE("what is installed has fish ask the program") {
  if (lacks("fish"))
    return;
  CHECK(said_by({"fish", "--no-config", "-c", R"(
      source packaging/completion/fssharectl.fish
      complete -C 'fssharectl sandbox pre')"})
          .starts_with("prepare\t"));
}
