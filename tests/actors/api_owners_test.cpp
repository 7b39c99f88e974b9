// SPDX-License-Identifier: Apache-2.0
#include "actors/owners.hpp"
#include "tests/support/api_fixture.hpp"
#include "tests/support/fake_processes.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace fsshare::test {

namespace {

using namespace std::chrono_literals;

/// API SERVER with OWNERS, and NODE as a script.
struct fixture : api_fixture {
  std::shared_ptr<fake_processes> processes
    = std::make_shared<fake_processes>();
  owners_actor known;

  fixture() {
    owner_table::settings settings;
    settings.grace = 1min;
    known = spawn<state_actor<owners_state>>(settings, processes, node,
                                             journal_actor{});
    aut = spawn<api_server>(node, options(), known);
    processes->runs(7);
    processes->runs(8);
  }

  api_client connect_from(std::int32_t pid) {
    api_client out;
    tell(aut, api_connected{++connections, out.stream, 0, processes->at(pid)});
    run();
    return out;
  }

  v1::Owner owner(api_client& client) {
    v1::GetSandboxRequest request;
    request.set_sandbox_id("sb-1");
    script->answer<get_sandbox_reply>().sandbox.sandbox_id = "sb-1";
    const auto got = ok<v1::GetSandboxReply>(client, "GetSandbox", request);
    const auto listed = ok<v1::ListSandboxesReply>(client, "ListSandboxes",
                                                   v1::ListSandboxesRequest{});
    for (const auto& each : listed.sandboxes())
      CHECK(each.owner().state() == got.sandbox().owner().state());
    return got.sandbox().owner();
  }

  void prepare(api_client& client) {
    ok<v1::PrepareReply>(client, "Prepare", good_prepare());
  }

  std::size_t prepares() const {
    return static_cast<std::size_t>(std::count(
      script->calls.begin(), script->calls.end(), "prepare_request sb-1"));
  }
};

v1::UnshareContainerRequest some_request() {
  v1::UnshareContainerRequest out;
  out.set_sandbox_id("sb-1");
  out.set_container_id("c1");
  return out;
}

} // namespace

TEST_SUITE_BEGIN("actors/api_server: owners");

TEST_CASE_FIXTURE(fixture, "who prepares a sandbox owns it, until Cleanup") {
  auto client = connect_from(7);
  prepare(client);
  CHECK(owner(client).state() == v1::OWNER_STATE_ALIVE);
  CHECK(owner(client).pid() == 7);
  processes->ends(7);
  run();
  advance(20s);
  auto other = connect_from(8);
  const auto gone = owner(other);
  CHECK(gone.state() == v1::OWNER_STATE_GONE);
  CHECK(gone.gone_ns() == 20'000'000'000);
  CHECK(gone.will_end());
  CHECK(gone.ends_in_ns() == 40'000'000'000);
  v1::CleanupRequest cleanup;
  cleanup.set_sandbox_id("sb-1");
  ok<v1::CleanupReply>(other, "Cleanup", cleanup);
  CHECK(owner(other).state() == v1::OWNER_STATE_UNKNOWN);
  advance(1h);
  run();
  CHECK_FALSE(script->asked<cleanup_request>().orphaned);
}

TEST_CASE_FIXTURE(fixture,
                  "looking takes nothing over, any other request does") {
  auto client = connect_from(7);
  prepare(client);
  processes->ends(7);
  run();
  auto other = connect_from(8);
  CHECK(owner(other).state() == v1::OWNER_STATE_GONE);
  SUBCASE("for a container") {
    ok<v1::UnshareContainerReply>(other, "UnshareContainer", some_request());
  }
  SUBCASE("for several mounts of one") {
    v1::ShareFilesRequest files;
    files.set_sandbox_id("sb-1");
    files.set_container_id("c1");
    ok<v1::ShareFilesReply>(other, "ShareFiles", files);
  }
  SUBCASE("that tells of the guest") {
    v1::SetGuestRequest guest;
    guest.set_sandbox_id("sb-1");
    ok<v1::SetGuestReply>(other, "SetGuest", guest);
  }
  CHECK(owner(other).state() == v1::OWNER_STATE_ALIVE);
  CHECK(owner(other).pid() == 8);
}

TEST_CASE_FIXTURE(fixture, "Prepare names another owner, or nobody") {
  auto client = connect_from(7);
  auto request = good_prepare();
  request.set_owner_pid(8);
  ok<v1::PrepareReply>(client, "Prepare", request);
  CHECK(owner(client).pid() == 8);
  request.clear_owner_pid();
  request.set_no_owner(true);
  ok<v1::PrepareReply>(client, "Prepare", request);
  CHECK(owner(client).state() == v1::OWNER_STATE_NOBODY);
}

TEST_CASE_FIXTURE(fixture,
                  "terms that name no process are refused, and nothing "
                  "is asked of NODE") {
  auto client = connect_from(7);
  auto request = good_prepare();
  request.set_owner_pid(9);
  SUBCASE("none that runs") {
  }
  SUBCASE("two at once") {
    request.set_no_owner(true);
  }
  SUBCASE("no number of a process") {
    request.set_owner_pid(4'000'000'000);
  }
  const auto refused = call(client, "Prepare", request.SerializeAsString());
  CHECK(refused.code == errc::invalid_argument);
  CHECK(refused.message.find("owner_pid") == 0);
  CHECK(prepares() == 0);
}

TEST_CASE_FIXTURE(fixture, "a Prepare that fails names no owner") {
  auto client = connect_from(7);
  script->failure = {errc::already_exists, "with other settings"};
  CHECK(call(client, "Prepare", good_prepare().SerializeAsString()).code
        == errc::already_exists);
  CHECK(prepares() == 1);
  script->failure = {errc::none, {}};
  CHECK(owner(client).state() == v1::OWNER_STATE_UNKNOWN);
}

TEST_CASE_FIXTURE(fixture, "a sandbox is not ended beside a Prepare that is on "
                           "its way") {
  auto client = connect_from(7);
  prepare(client);
  processes->ends(7);
  run();
  auto other = connect_from(8);
  script->hold_prepare = true;
  const auto held = caf::actor_cast<fake_node_actor>(node);
  other.call("Prepare", good_prepare().SerializeAsString());
  run();
  advance(1h);
  run();
  tell(held, release_held{});
  run();
  CHECK(other.replies().size() == 1);
  CHECK(owner(other).pid() == 8);
  CHECK(std::count(script->calls.begin(), script->calls.end(),
                   "cleanup_request sb-1")
        == 0);
}

TEST_SUITE_END();

} // namespace fsshare::test
