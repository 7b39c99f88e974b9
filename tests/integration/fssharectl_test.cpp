// SPDX-License-Identifier: Apache-2.0
#include "tests/support/node_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <csignal>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace fsshare;
using nlohmann::json;
using test::run_fssharectl;

TEST_SUITE_BEGIN("integration/fssharectl");

TEST_CASE("commands reach a running node agent") {
  test::node_process node;
  const auto run = [&](std::vector<std::string> args) {
    return run_fssharectl(node.socket(), std::move(args));
  };

  const auto prepared = run({"sandbox", "prepare", "sb", "--mode", "copy",
                             "--guest", "unix:///nobody/listens"});
  CHECK(prepared.errors.empty());
  REQUIRE(prepared.exit_code == 0);
  // Copy mode makes nothing below the share root.
  CHECK(prepared.output == "shared dir: -\nmounts dir: -\n");
  const auto listed = json::parse(run({"sandbox", "ls", "-o", "json"}).output);
  CHECK(listed.at("sandboxes").at(0).at("sandbox_id") == "sb");
  CHECK(listed.at("sandboxes").at(0).at("mode") == "SHARING_MODE_COPY");
  CHECK(listed.at("sandboxes").at(0).at("shares") == "0");
  CHECK(run({"sandbox", "ls"}).output.find("sb       copy")
        != std::string::npos);
  CHECK(run({"watcher", "stop", "sb"}).exit_code == 0);
  CHECK(run({"watcher", "start", "sb"}).exit_code == 0);
  CHECK(run({"volume", "ls"}).exit_code == 0);
  CHECK(run({"sandbox", "cleanup", "sb"}).exit_code == 0);
  const auto gone = run({"sandbox", "inspect", "sb"});
  CHECK(gone.exit_code == 1);
  CHECK(gone.errors.starts_with("fssharectl: NOT_FOUND: "));
  CHECK(node.program().terminate() == 0);
}

TEST_CASE("refused requests say why and change nothing") {
  test::node_process node;
  const auto bad = run_fssharectl(node.socket(),
                                  {"sandbox", "prepare", "..", "--mode", "copy",
                                   "--guest", "unix:///nobody/listens"});
  CHECK(bad.exit_code == 1);
  CHECK(bad.output.empty());
  CHECK(bad.errors.starts_with("fssharectl: INVALID_ARGUMENT: sandbox_id"));
  const auto listed
    = run_fssharectl(node.socket(), {"sandbox", "ls", "-o", "json"});
  CHECK(json::parse(listed.output).at("sandboxes").empty());
}

TEST_CASE("a socket that nobody listens on is 69, and named") {
  const test::temp_dir dir;
  const auto got = run_fssharectl(dir / "none.sock", {"version"});
  CHECK(got.exit_code == 69);
  CHECK(got.errors.find("none.sock") != std::string::npos);
}

TEST_CASE("a passed deadline is 75") {
  test::node_process node;
  // The kernel still accepts for a stopped process; nobody answers.
  node.program().stop();
  const auto got
    = run_fssharectl(node.socket(), {"--timeout", "50ms", "version"});
  CHECK(got.exit_code == 75);
  CHECK(got.errors.starts_with("fssharectl: DEADLINE_EXCEEDED: "));
  node.program().signal(SIGCONT);
  CHECK(run_fssharectl(node.socket(), {"version"}).exit_code == 0);
}

TEST_CASE("usage errors are 64 whoever listens") {
  const test::temp_dir dir;
  CHECK(run_fssharectl(dir / "none.sock", {"sandbox"}).exit_code == 64);
  CHECK(run_fssharectl("relative", {"version"}).exit_code == 64);
}

TEST_SUITE_END();
