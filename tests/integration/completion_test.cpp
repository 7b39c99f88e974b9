// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/integration/completing_shell.hpp"
#include "tests/support/child_process.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;
using namespace fsshare::test;
using names = completing_shell::names;

TEST_SUITE_BEGIN("ctl/completion");

namespace {

completing_shell bash() {
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

TEST_CASE("what is installed has bash ask the program") {
  const std::string folder{parent_path(FSSHARECTL_PROGRAM)};
  const auto got
    = run_process({"/usr/bin/env", "PATH=" + folder + ":/usr/bin:/bin", "bash",
                   "--norc", "-c", R"(
    source packaging/completion/fssharectl.bash
    COMP_WORDS=(fssharectl sandbox pre)
    COMP_CWORD=2
    _fssharectl
    echo "${COMPREPLY[@]}")"});
  CHECK(got.errors == "");
  CHECK(got.output == "prepare\n");
}

TEST_CASE("no other shell is completed") {
  const auto got = run_process({FSSHARECTL_PROGRAM, "completion", "ksh"});
  CHECK(got.exit_code == 64);
  CHECK(got.errors.find("ksh") != std::string::npos);
}
