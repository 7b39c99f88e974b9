// SPDX-License-Identifier: Apache-2.0
#include "tests/support/guest_process.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <string>

using namespace fsshare;
using namespace fsshare::test;
using nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_SUITE_BEGIN("integration/late_guest_program");

TEST_CASE("a guest is told after its sandbox is prepared, and everybody says "
          "what the sandbox and its containers are called") {
  const temp_dir dir;
  dir.write("data/file", "text");
  node_process node;
  const guest_process guest;
  const auto run = [&](std::vector<std::string> words) {
    return run_fssharectl(node.socket(), std::move(words));
  };
  const auto add = [&] {
    return run(
      {"share", "add", "sb", "c1", dir / "data", "/data", "--name", "nginx"});
  };
  REQUIRE(run({"sandbox", "prepare", "sb", "--mode", "copy", "--label",
               "pod=web-0", "--label", "namespace=shop"})
            .exit_code
          == 0);
  const auto early = add();
  CHECK(early.exit_code == 1);
  CHECK_MESSAGE(
    early.errors.starts_with("fssharectl: FAILED_PRECONDITION: the address"),
    early.errors);

  REQUIRE(run({"sandbox", "set-guest", "sb", to_string(guest.address()),
               "--guest-memory", "1048576", "--guest-policy", "none"})
            .exit_code
          == 0);
  CHECK(run({"sandbox", "set-guest", "sb", "unix:///other"})
          .errors.starts_with("fssharectl: ALREADY_EXISTS: "));
  const auto made = add();
  REQUIRE_MESSAGE(made.exit_code == 0, made.errors);

  const auto shown
    = json::parse(run({"sandbox", "inspect", "sb", "-o", "json"}).output);
  const auto& sandbox = shown.at("sandbox");
  CHECK(sandbox.at("labels").at("pod") == "web-0");
  CHECK(sandbox.at("guest_policy") == "GUEST_POLICY_NONE");
  CHECK(sandbox.at("held_limit_bytes") == "262144");
  CHECK(shown.at("shares").at(0).at("container_name") == "nginx");
  const std::string labels = "namespace=shop,pod=web-0";
  CHECK(has(run({"sandbox", "ls"}).output, labels));
  CHECK(has(run({"sandbox", "inspect", "sb"}).output, labels));
  const auto shares = run({"share", "ls", "sb"}).output;
  CHECK_MESSAGE(has(shares, labels), shares);
  CHECK_MESSAGE(has(shares, "nginx (c1)"), shares);

  CHECK(run({"sandbox", "cleanup", "sb"}).exit_code == 0);
  // What comes later under the id is called nothing.
  REQUIRE(run({"sandbox", "prepare", "sb", "--mode", "copy"}).exit_code == 0);
  CHECK(!has(run({"sandbox", "ls"}).output, "pod=web-0"));
  CHECK(node.program().terminate() == 0);
  const auto log = node.program().errors();
  for (const char* line :
       {"event=sandbox-prepared sandbox=sb mode=copy labels=\"namespace=shop,",
        "event=sandbox-cleaned sandbox=sb labels=\"namespace=shop,",
        " container_name=nginx labels=\"namespace=shop,pod=web-0\"\n",
        "event=sandbox-prepared sandbox=sb mode=copy\n"})
    CHECK_MESSAGE(has(log, line), line);
}

TEST_CASE("several mounts are shared by one command, each with its outcome, or "
          "all or nothing") {
  const temp_dir dir;
  dir.write("a/file", "one");
  dir.write("b/file", "two");
  node_process node;
  const guest_process guest;
  const auto run = [&](std::vector<std::string> words) {
    return run_fssharectl(node.socket(), std::move(words));
  };
  REQUIRE(run({"sandbox", "prepare", "sb", "--mode", "copy", "--guest",
               to_string(guest.address())})
            .exit_code
          == 0);
  const std::string a = (dir / "a") + ":/a:ro";
  const std::string missing = (dir / "missing") + ":/m";
  const std::string b = (dir / "b") + ":/b";
  const auto failed = run({"share", "add-all", "sb", "c1", "--mount", a,
                           "--mount", missing, "--all-or-nothing"});
  CHECK(failed.exit_code == 1);
  CHECK_MESSAGE(failed.errors.starts_with("fssharectl: NOT_FOUND: "),
                failed.errors);
  CHECK(json::parse(run({"sandbox", "inspect", "sb", "-o", "json"}).output)
          .at("shares")
          .empty());
  const auto made
    = json::parse(run({"share", "add-all", "sb", "c1", "--mount", a, "--mount",
                       missing, "--mount", b, "-o", "json"})
                    .output);
  const auto& outcomes = made.at("outcomes");
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0].at("code") == 0);
  CHECK(outcomes[1].at("code") == static_cast<int>(errc::not_found));
  CHECK(outcomes[1].at("error").get<std::string>().find("missing")
        != std::string::npos);
  CHECK(outcomes[2].at("code") == 0);
  const auto shares
    = json::parse(run({"sandbox", "inspect", "sb", "-o", "json"}).output)
        .at("shares");
  REQUIRE(shares.size() == 2);
  for (const auto& share : shares)
    CHECK(share.at("mount").at("read_only")
          == (share.at("mount").at("destination") == "/a"));
}

TEST_CASE("a caller is told what it may rely on") {
  node_process node;
  const auto said = json::parse(
    run_fssharectl(node.socket(), {"version", "-o", "json"}).output);
  const auto& features = said.at("features");
  REQUIRE(features.is_array());
  CHECK(std::find(features.begin(), features.end(), "set-guest")
        != features.end());
}

TEST_SUITE_END();
