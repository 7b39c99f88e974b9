// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_line.hpp"
#include "tests/support/api_fixture.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <variant>

using namespace fsshare;

TEST_SUITE_BEGIN("actors/api_methods");

namespace {

/// Runs commands of fssharectl against an API SERVER whose NODE is a script:
/// arguments, request, checks, reply and what is printed of one method at a
/// time.
struct fixture : test::api_fixture {
  test::api_client client = connect();

  /// Returns what the command prints, or the code and sentence of its failure.
  std::string run_command(const std::string& line) {
    std::istringstream words{line};
    std::vector<std::string> args;
    for (std::string word; words >> word;)
      args.push_back(word);
    auto parsed = ctl::parse_command_line(args, "");
    auto* asked = std::get_if<ctl::invocation>(&parsed);
    REQUIRE_MESSAGE(asked != nullptr, line);
    auto& command = *asked->call;
    const auto got
      = call(client, command.method(), command.request().SerializeAsString());
    if (got.code != errc::none)
      return std::string{to_string(got.code)} + ": " + got.message;
    REQUIRE(command.reply().ParseFromArray(
      got.payload.data(), static_cast<int>(got.payload.size())));
    REQUIRE(!command.goes_on());
    return command.reply_text();
  }

  /// Checks that a command is refused for a field, and NODE not asked.
  void check_refused(const std::string& line, const std::string& field) {
    const auto said = run_command(line);
    CHECK_MESSAGE(said.starts_with("INVALID_ARGUMENT: " + field), said);
    CHECK(script->calls.empty());
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "sandbox prepare") {
  check_refused("sandbox prepare ../x --mode copy --guest unix:///g",
                "sandbox_id");
  check_refused("sandbox prepare s1 --mode copy --guest garbage",
                "guest address garbage");
  const auto said = run_command("sandbox prepare s1 --mode shared-filesystem "
                                "--bind-ro /a/ --kubelet-root /k");
  CHECK(has(said, "/shared"));
  CHECK(has(said, "/mounts"));
  const auto& asked = script->asked<prepare_request>();
  CHECK(asked.sandbox_id == "s1");
  CHECK(asked.mode == sharing_mode::shared_filesystem);
  CHECK(asked.sandbox_binds == std::vector<sandbox_bind>{{"/a", false}});
  CHECK(asked.kubelet_roots == std::vector<std::string>{"/k"});
}

TEST_CASE_FIXTURE(fixture, "sandbox set-guest, and what prepare tells of it") {
  check_refused("sandbox set-guest ../x unix:///g", "sandbox_id");
  check_refused("sandbox set-guest s1 garbage", "guest address garbage");
  check_refused("sandbox prepare s1 --mode copy --guest-memory -1",
                "guest.memory_bytes");
  CHECK(run_command("sandbox set-guest s1 unix:///g --guest-memory 4096 "
                    "--guest-policy none")
          .empty());
  const auto& told = script->asked<set_guest_request>();
  CHECK(told.sandbox_id == "s1");
  CHECK(told.guest_address == "unix:///g");
  CHECK(told.guest_memory_bytes == 4096);
  CHECK(told.policy == guest_policy::none);
  run_command("sandbox prepare s1 --mode copy --guest-policy set "
              "--label pod=web --label uid= --no-watchable --local-dir /l/");
  const auto& asked = script->asked<prepare_request>();
  CHECK(asked.guest_address.empty());
  CHECK(asked.guest_memory_bytes == 0);
  CHECK(asked.policy == guest_policy::set);
  CHECK(asked.labels == label_map{{"pod", "web"}, {"uid", ""}});
  CHECK(asked.no_watchable);
  CHECK(asked.local_dir == "/l");
}

TEST_CASE_FIXTURE(fixture, "labels and names are in every table") {
  script->sandboxes = {"s1"};
  auto& sandbox = script->answer<get_sandbox_reply>();
  sandbox.sandbox.labels = {{"pod", "web"}, {"namespace", "default"}};
  sandbox.sandbox.policy = guest_policy::none;
  sandbox.shares.listed.resize(1);
  sandbox.shares.listed[0].container_id = "c1";
  sandbox.shares.listed[0].container_name = "nginx";
  auto& volumes = script->answer<list_volumes_reply>().volumes.listed;
  volumes.resize(1);
  volumes[0].destinations.resize(1);
  auto& at = volumes[0].destinations[0];
  at.container_id = "c1";
  at.container_name = "nginx";
  at.labels = std::make_shared<const label_map>(sandbox.sandbox.labels);
  const std::string words = "namespace=default,pod=web";
  for (const std::string command : {"sandbox inspect s1", "share ls s1",
                                    "volume ls", "volume ls -o wide"}) {
    const auto said = run_command(command);
    CHECK_MESSAGE(has(said, words), command);
    CHECK_MESSAGE(has(said, "nginx (c1)"), command);
  }
  CHECK(has(run_command("sandbox inspect s1"), "guest policy:  none"));
  run_command("share add s1 c1 /a /d --name nginx");
  CHECK(script->asked<share_file_request>().container_name == "nginx");
  run_command("rootfs add s1 c1 /r --name nginx");
  CHECK(script->asked<share_rootfs_request>().container_name == "nginx");
}

TEST_CASE_FIXTURE(fixture, "sandbox cleanup and discard") {
  check_refused("sandbox cleanup ../x", "sandbox_id");
  script->answer<cleanup_reply>().foreign = {{"/S/s1/x", "is a directory"}};
  const auto said = run_command("sandbox cleanup s1");
  CHECK(has(said, "/S/s1/x"));
  CHECK(has(said, "is a directory"));
  CHECK(script->asked<cleanup_request>().sandbox_id == "s1");
  CHECK(!script->asked<cleanup_request>().abandoned);
  run_command("sandbox discard s1");
  CHECK(script->asked<cleanup_request>().abandoned);
}

TEST_CASE_FIXTURE(fixture, "sandbox ls and inspect") {
  check_refused("sandbox inspect ../x", "sandbox_id");
  script->sandboxes = {"s1"};
  CHECK(has(run_command("sandbox ls"), "s1"));
  script->answer<get_sandbox_reply>().sandbox.guest_address = "unix:///g";
  CHECK(has(run_command("sandbox inspect s1"), "unix:///g"));
  CHECK(script->asked<get_sandbox_request>().sandbox_id == "s1");
}

TEST_CASE_FIXTURE(fixture, "share add, ls and rm") {
  check_refused("share add s1 c1 a /d", "mount.source");
  check_refused("share add s1 c1 /a /", "mount.destination");
  script->answer<share_file_reply>().guest_path = "/g/c1-1";
  CHECK(has(run_command("share add s1 c1 /a /d --read-only"), "/g/c1-1"));
  CHECK(script->asked<share_file_request>()
        == share_file_request{"s1", "c1", {"/a", "/d", "", {}, true}});
  script->answer<get_sandbox_reply>().shares.listed.resize(1);
  script->answer<get_sandbox_reply>().shares.listed[0].share_id = "c1-1";
  CHECK(has(run_command("share ls s1"), "c1-1"));
  script->answer<unshare_file_reply>().leftovers = {{"/g/c1-1", "refused"}};
  CHECK(has(run_command("share rm s1 c1 /d"), "refused"));
  CHECK(script->asked<unshare_file_request>().destination == "/d");
  CHECK(script->asked<unshare_file_request>().share_id.empty());
  script->answer<unshare_container_reply>().leftovers
    = {{"/g/c1-2", "refused"}};
  CHECK(has(run_command("share rm s1 c1 --all"), "/g/c1-2"));
  CHECK(script->asked<unshare_container_request>().container_id == "c1");
}

TEST_CASE_FIXTURE(fixture, "ends of shares are refused for bad ids") {
  check_refused("share rm s1 --id ../x", "share_id");
  check_refused("share rm s1 ../c --all", "container_id");
  check_refused("rootfs rm s1 ../c", "container_id");
}

TEST_CASE_FIXTURE(fixture, "rootfs add and rm") {
  check_refused("rootfs add s1 c1 a", "rootfs.target");
  script->answer<share_rootfs_reply>().guest_path = "/g/c1/rootfs";
  CHECK(has(run_command("rootfs add s1 c1 /r"), "/g/c1/rootfs"));
  CHECK(script->asked<share_rootfs_request>().rootfs.target == "/r");
  CHECK(run_command("rootfs rm s1 c1").empty());
  CHECK(script->asked<unshare_rootfs_request>().container_id == "c1");
}

TEST_CASE_FIXTURE(fixture, "volume ls") {
  check_refused("volume ls ../x", "sandbox_id");
  auto& volumes = script->answer<list_volumes_reply>().volumes.listed;
  volumes.resize(1);
  volumes[0].path = "/v";
  CHECK(has(run_command("volume ls s1"), "/v"));
  CHECK(script->asked<list_volumes_request>().sandbox_id == "s1");
}

TEST_CASE_FIXTURE(fixture, "watcher start and stop") {
  check_refused("watcher start ../x", "sandbox_id");
  check_refused("watcher stop ../x", "sandbox_id");
  CHECK(run_command("watcher start s1").empty());
  CHECK(script->asked<start_watcher_request>().sandbox_id == "s1");
  CHECK(run_command("watcher stop s2").empty());
  CHECK(script->asked<stop_watcher_request>().sandbox_id == "s2");
}

TEST_CASE_FIXTURE(fixture, "what NODE refuses is told as it says it") {
  script->failure = {errc::not_found, "sandbox 's1' is not prepared"};
  for (const char* line :
       {"sandbox cleanup s1", "share add s1 c1 /a /d", "rootfs rm s1 c1",
        "watcher start s1", "sandbox inspect s1"})
    CHECK(run_command(line) == "NOT_FOUND: sandbox 's1' is not prepared");
}

TEST_CASE_FIXTURE(fixture,
                  "orphans are asked for and listed, with the first of "
                  "what stays of each") {
  v1::CollectOrphansRequest request;
  request.set_sandbox_id("../x");
  CHECK(call(client, "CollectOrphans", request.SerializeAsString()).code
        == errc::invalid_argument);
  request.set_sandbox_id("");
  request.set_orphans_after("../x");
  CHECK(call(client, "CollectOrphans", request.SerializeAsString()).code
        == errc::invalid_argument);
  CHECK(script->calls.empty());
  auto& answer = script->answer<collect_orphans_reply>();
  answer.orphans = {{"a", true, {}, {}}, {"b", false, "in use", {}}};
  for (int i = 0; i < 100; ++i)
    answer.orphans[0].foreign.push_back({"/S/a/" + std::to_string(i), "why"});
  answer.orphans_more = 7;
  answer.foreign = {{"/S/shim", "no mark"}};
  request.set_orphans_after("0");
  request.set_remove(true);
  const auto got
    = ok<v1::CollectOrphansReply>(client, "CollectOrphans", request);
  const auto& asked = script->asked<collect_orphans_request>();
  CHECK(asked.orphans_after == "0");
  CHECK(asked.remove);
  REQUIRE(got.orphans_size() == 2);
  CHECK(got.orphans(0).removed());
  CHECK(got.orphans(0).foreign_size() > 0);
  CHECK(static_cast<std::uint64_t>(got.orphans(0).foreign_size())
          + got.orphans(0).foreign_more()
        == 100);
  CHECK(!got.orphans(1).removed());
  CHECK(got.orphans(1).reason() == "in use");
  CHECK(got.orphans_more() == 7);
  REQUIRE(got.foreign_size() == 1);
  CHECK(got.foreign(0).path() == "/S/shim");
}

TEST_SUITE_END();
