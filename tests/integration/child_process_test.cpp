// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <stdexcept>

TEST_SUITE_BEGIN("support/child_process");

using fsshare::test::child_process;
using fsshare::test::run_process;
using namespace std::chrono_literals;

TEST_CASE("output, errors and exit code of a program are kept apart") {
  const auto done
    = run_process({"/bin/sh", "-c", "echo out; echo err >&2; exit 7"});
  CHECK(done.exit_code == 7);
  CHECK(done.output == "out\n");
  CHECK(done.errors == "err\n");
}

TEST_CASE("lines are read one by one, up to the end of the output") {
  child_process child{{"/bin/sh", "-c", "printf 'one\\ntwo\\nrest'"}};
  CHECK(child.read_line() == "one");
  CHECK(child.read_line() == "two");
  CHECK_FALSE(child.read_line());
  CHECK(child.wait() == 0);
}

TEST_CASE("a program that is terminated says by which signal") {
  child_process child{{"/bin/sleep", "1000"}};
  CHECK(child.terminate() == 128 + SIGTERM);
  CHECK(child.wait() == 128 + SIGTERM);
}

TEST_CASE("a line that does not come is an exception, not a hang") {
  child_process child{{"/bin/sleep", "1000"}};
  CHECK_THROWS_AS(child.read_line(10ms), std::runtime_error);
  CHECK_THROWS_AS(child.wait(10ms), std::runtime_error);
}

TEST_CASE("a program that does not exist exits with 127") {
  CHECK(run_process({"/nonexistent/program"}).exit_code == 127);
}
