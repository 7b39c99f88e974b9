// SPDX-License-Identifier: Apache-2.0
#include "tests/support/killed_node.hpp"
#include "tests/support/node_process.hpp"
#include "tests/support/private_mounts.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

constexpr const char* assumed
  = R"("http": {"listen": ""}, "mounts": {"visibility": "assumed"})";

/// A node agent that serves one sandbox.
struct fixture {
  fixture() : node(work / "share", assumed) {
    if (!work.unavailable().empty())
      return;
    work.write("source/key", "value");
    work.make_dir("rootfs/bin");
    node.start();
  }
  bool can_run() const {
    if (!work.unavailable().empty())
      MESSAGE("skipped: ", work.unavailable());
    return work.unavailable().empty();
  }

  void again() {
    node.kill();
    node.start();
  }
  void prepare() {
    auto client = node.connect();
    const auto done = client.prepare("sb");
    REQUIRE_MESSAGE(done, (done ? "" : done.err().message));
  }
  v1::ShareFileReply share() {
    auto client = node.connect();
    const auto done = client.share("sb", "c1", work / "source", "/etc/x", true);
    REQUIRE_MESSAGE(done, (done ? "" : done.err().message));
    return *done;
  }
  result<v1::GetSandboxReply> look() {
    v1::GetSandboxRequest request;
    request.set_sandbox_id("sb");
    auto client = node.connect();
    return client.call<v1::GetSandboxReply>("GetSandbox", request);
  }
  void cleanup() {
    auto client = node.connect();
    const auto done = client.cleanup("sb");
    REQUIRE_MESSAGE(done, (done ? "" : done.err().message));
    CHECK(fs::is_empty(work / "share"));
    CHECK(!fs::exists(state_file()));
  }
  std::string state_file() const {
    return node.state_dir() + "/sb.jsonl";
  }
  /// Waits for what is logged a little later.
  bool logs(const std::string& text) {
    const auto limit
      = std::chrono::steady_clock::now() + child_process::patience;
    while (node.program().errors().find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() > limit)
        return false;
      std::this_thread::yield();
    }
    return true;
  }

  private_mounts work;
  killed_node node;
};

} // namespace

TEST_SUITE_BEGIN("crash: adoption");

TEST_CASE("the same requests get the same answers, others the same refusals") {
  fixture f;
  if (!f.can_run())
    return;
  f.prepare();
  const auto first = f.share();
  v1::ShareRootFilesystemRequest rootfs;
  rootfs.set_sandbox_id("sb");
  rootfs.set_container_id("c2");
  rootfs.mutable_rootfs()->set_target(f.work / "rootfs");
  rootfs.mutable_rootfs()->set_suffix("rootfs");
  rootfs.mutable_rootfs()->add_options("credential=hidden");
  auto before = f.node.connect();
  const auto answered = before.share_rootfs(rootfs);
  REQUIRE(answered);
  f.again();
  auto client = f.node.connect();
  CHECK(f.share().DebugString() == first.DebugString());
  auto same = client.share_rootfs(rootfs);
  REQUIRE_MESSAGE(same, (same ? "" : same.err().message));
  CHECK(same->DebugString() == answered->DebugString());
  auto other = rootfs;
  other.mutable_rootfs()->set_options(0, "credential=other");
  for (const auto& refused : {client.share_rootfs(other)}) {
    REQUIRE(!refused);
    CHECK(refused.err().code == errc::already_exists);
  }
  const auto another
    = client.share("sb", "c1", f.work / "rootfs", "/etc/x", true);
  REQUIRE(!another);
  CHECK(another.err().code == errc::already_exists);
  CHECK(client.prepare("sb"));
  const auto other_settings = client.prepare("sb", "/nydusd.sock");
  REQUIRE(!other_settings);
  CHECK(other_settings.err().code == errc::already_exists);
  // What may hold credentials is not written down.
  CHECK(read_file(f.state_file()).find("hidden") == std::string::npos);
  f.cleanup();
}

TEST_CASE("a share that somebody has unmounted is told, and made again when it "
          "is asked for") {
  fixture f;
  if (!f.can_run())
    return;
  f.prepare();
  const auto first = f.share();
  // Answered when all is written down.
  REQUIRE(f.look());
  f.node.kill();
  unmount_by_hand(first.host_path());
  f.node.start();
  CHECK(f.logs("event=share-lost"));
  CHECK(f.look()->shares().empty());
  CHECK(!exists(first.host_path()));
  const auto again = f.share();
  CHECK(again.share_id() != first.share_id());
  CHECK(exists(again.host_path() + "/key"));
  f.cleanup();
}

TEST_CASE("of a sandbox that somebody has unmounted only Cleanup is left") {
  fixture f;
  if (!f.can_run())
    return;
  f.prepare();
  f.share();
  f.node.kill();
  unmount_by_hand(f.work / "share/sb/shared");
  f.node.start();
  CHECK(f.logs("event=sandbox-lost"));
  const auto refused = f.look();
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::failed_precondition);
  auto client = f.node.connect();
  CHECK(client.list_sandboxes()->sandboxes_size() == 1);
  const auto prepared = client.prepare("sb");
  REQUIRE(!prepared);
  CHECK(prepared.err().code == errc::failed_precondition);
  f.cleanup();
  f.prepare();
  f.cleanup();
}

TEST_CASE("a damaged state file is set aside, and its sandbox left alone") {
  fixture f;
  if (!f.can_run())
    return;
  f.prepare();
  const auto shared = f.share();
  f.node.kill();
  std::ofstream{f.state_file(), std::ios::app} << "nonsense\n";
  f.node.start();
  CHECK(f.logs("event=state-set-aside"));
  CHECK(!exists(f.state_file()));
  CHECK(exists(f.state_file() + ".aside"));
  const auto unknown = f.look();
  REQUIRE(!unknown);
  CHECK(unknown.err().code == errc::not_found);
  CHECK(exists(shared.host_path() + "/key"));
  // The orphan needs it, over any number of starts.
  f.again();
  f.again();
  CHECK(exists(f.state_file() + ".aside"));
  const auto listed = run_fssharectl(f.node.socket(), {"gc", "--dry-run"});
  CHECK(listed.output.find("it tells of sandbox 'sb'") != std::string::npos);
  bool by_gc = false;
  SUBCASE("gc takes both away") {
    by_gc = true;
    const auto gone = run_fssharectl(f.node.socket(), {"gc", "--yes"});
    CHECK_MESSAGE(gone.exit_code == 0, gone.errors);
  }
  SUBCASE("gc without fsshared does, too") {
    by_gc = true;
    f.node.kill();
    const auto gone = run_fssharectl(
      f.node.socket(), {"gc", "--yes", "--config", f.node.config_file()});
    CHECK_MESSAGE(gone.exit_code == 0, gone.errors);
    CHECK(!exists(f.state_file() + ".aside"));
    f.node.start();
  }
  SUBCASE("the next start removes it once the sandbox is discarded") {
    const auto discarded
      = run_fssharectl(f.node.socket(), {"sandbox", "discard", "sb"});
    CHECK_MESSAGE(discarded.exit_code == 0, discarded.errors);
    CHECK(exists(f.state_file() + ".aside"));
    f.again();
    CHECK(f.logs("event=aside-removed sandbox=sb"));
  }
  CHECK(!exists(f.state_file() + ".aside"));
  CHECK(fs::is_empty(f.work / "share"));
  if (by_gc)
    CHECK(run_fssharectl(f.node.socket(), {"gc", "--dry-run"}).output
          == "no orphans\n");
  f.prepare();
  f.cleanup();
}

TEST_CASE("a full state directory stops no work, is told, and catches up") {
  fixture f;
  if (!f.can_run())
    return;
  f.node.kill();
  f.work.make_dir("small");
  // One page holds no file.
  REQUIRE(run_process({"/bin/mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2",
                       "tmpfs", f.work / "small"})
            .exit_code
          == 0);
  killed_node node{f.work / "share", std::string{assumed}
                                       + R"(, "state": {"directory": ")"
                                       + (f.work / "small") + "\"}"};
  node.start();
  auto client = node.connect();
  REQUIRE(client.prepare("sb"));
  std::ofstream{f.work / "small/ballast"} << "x";
  const auto look = [&] {
    v1::GetSandboxRequest request;
    request.set_sandbox_id("sb");
    return client.call<v1::GetSandboxReply>("GetSandbox", request);
  };
  for (int i = 0; i < 50; ++i)
    REQUIRE(client.share("sb", "c" + std::to_string(i), f.work / "source",
                         "/etc/x", true));
  const auto told = look();
  REQUIRE(told);
  CHECK(told->shares_size() == 50);
  CHECK_MESSAGE(told->sandbox().unrecorded().find("No space left on device")
                  != std::string::npos,
                told->sandbox().unrecorded());
  CHECK(node.program().errors().find("event=state-not-recorded")
        != std::string::npos);
  REQUIRE(run_process({"/bin/mount", "-o", "remount,size=1m,nr_inodes=100",
                       f.work / "small"})
            .exit_code
          == 0);
  const auto limit = std::chrono::steady_clock::now() + child_process::patience;
  while (!look()->sandbox().unrecorded().empty()) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    std::this_thread::yield();
  }
  node.kill();
  node.start();
  auto again = node.connect();
  v1::GetSandboxRequest request;
  request.set_sandbox_id("sb");
  const auto after = again.call<v1::GetSandboxReply>("GetSandbox", request);
  REQUIRE(after);
  CHECK(after->shares_size() == 50);
  REQUIRE(again.cleanup("sb"));
  node.kill();
}

TEST_CASE("what the host unmounts while nobody looks goes at the next start") {
  fixture f;
  if (!f.can_run())
    return;
  f.work.mount_tmpfs("source/inner");
  f.prepare();
  auto client = f.node.connect();
  v1::ShareFileRequest request;
  request.set_sandbox_id("sb");
  request.set_container_id("c1");
  auto& mount = *request.mutable_mount();
  mount.set_source(f.work / "source");
  mount.set_destination("/etc/x");
  mount.set_type("bind");
  mount.set_read_only(true);
  mount.add_options("rbind");
  mount.add_options("rslave");
  const auto shared = client.call<v1::ShareFileReply>("ShareFile", request);
  REQUIRE(shared);
  const auto inner = shared->host_path() + "/inner";
  REQUIRE(has_mount(mount_table(), inner));
  f.node.kill();
  unmount_by_hand(f.work / "source/inner");
  CHECK(has_mount(mount_table(), inner));
  f.node.start();
  // Somebody mounts something somewhere, which tells that there was a change.
  f.work.mount_tmpfs("elsewhere");
  const auto limit = std::chrono::steady_clock::now() + child_process::patience;
  while (has_mount(mount_table(), inner)) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  f.cleanup();
}

TEST_CASE("many sandboxes are adopted at once, with all that they have") {
  fixture f;
  if (!f.can_run())
    return;
  constexpr int sandboxes = 200;
  constexpr int shares = 5;
  {
    auto client = f.node.connect();
    for (int i = 0; i < sandboxes; ++i) {
      const auto id = "sb" + std::to_string(i);
      REQUIRE(client.prepare(id));
      for (int n = 0; n < shares; ++n)
        REQUIRE(client.share(id, "c", f.work / "source",
                             "/etc/x" + std::to_string(n), true));
    }
  }
  const auto before = mount_table();
  f.node.kill();
  const auto begin = std::chrono::steady_clock::now();
  f.node.start();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
    std::chrono::steady_clock::now() - begin);
  MESSAGE(sandboxes, " sandboxes of ", shares, " shares adopted in ",
          took.count(), " ms");
  // The same mounts, by their ids.
  CHECK(mount_table() == before);
  auto client = f.node.connect();
  const auto listed = client.list_sandboxes();
  REQUIRE(listed);
  CHECK(listed->sandboxes_size() == sandboxes);
  for (const auto& sandbox : listed->sandboxes()) {
    CHECK(sandbox.shares() == shares);
    CHECK(client.cleanup(sandbox.sandbox_id()));
  }
  CHECK(fs::is_empty(f.work / "share"));
}

TEST_CASE("a second node agent on the state directory is refused with the "
          "process that has it") {
  fixture f;
  if (!f.can_run())
    return;
  f.work.write("second.json",
               R"({"api": {"socket": ")" + (f.work / "second.sock")
                 + R"("}, "share": {"root": ")" + (f.work / "second")
                 + R"("}, "state": {"directory": ")" + f.node.state_dir()
                 + R"("}, )" + assumed + "}");
  const auto second = run_fsshared({"--config", f.work / "second.json"});
  CHECK(second.exit_code == 1);
  CHECK_MESSAGE(second.errors.find("state directory " + f.node.state_dir()
                                   + " is in use by process "
                                   + std::to_string(f.node.program().pid()))
                  != std::string::npos,
                second.errors);
}

TEST_SUITE_END();
