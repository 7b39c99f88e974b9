// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace fsshare;
using namespace std::chrono_literals;
using fixture = test::api_fixture;
using test::good_prepare;

TEST_SUITE_BEGIN("actors/api_server");

namespace {

template <class Request>
Request of_sandbox() {
  Request request;
  request.set_sandbox_id("sb-1");
  return request;
}

template <class Request>
Request of_container() {
  auto request = of_sandbox<Request>();
  request.set_container_id("c1");
  return request;
}

} // namespace

TEST_CASE_FIXTURE(fixture, "Prepare arrives with all that it says") {
  auto client = connect();
  auto request = good_prepare();
  request.set_mode(v1::SHARING_MODE_SHARED_FILESYSTEM);
  request.mutable_guest()->set_share_dir("/g");
  auto* bind = request.add_sandbox_binds();
  bind->set_source("/srv/x/");
  bind->set_writable(true);
  request.add_kubelet_roots("/k");
  request.set_no_watcher(true);
  request.set_nydusd_socket("/run/nydusd.sock");
  request.set_force_guest_pull(true);
  request.mutable_guest()->set_memory_bytes(512 << 20);
  request.mutable_guest()->set_policy(v1::GUEST_POLICY_NONE);
  (*request.mutable_labels())["pod"] = "web-0";
  request.set_no_watchable(true);
  request.set_mount_namespace("/proc/7/ns/mnt");
  const auto reply = ok<v1::PrepareReply>(client, "Prepare", request);
  CHECK(reply.shared_dir() == "/shared");
  CHECK(reply.mounts_dir() == "/mounts");
  prepare_request asked;
  asked.sandbox_id = "sb-1";
  asked.mode = sharing_mode::shared_filesystem;
  asked.guest_address = "unix:///run/guest.sock";
  asked.guest_share_dir = "/g";
  asked.sandbox_binds = {{"/srv/x", true}};
  asked.kubelet_roots = {"/k"};
  asked.no_watcher = true;
  asked.nydusd_socket = "/run/nydusd.sock";
  asked.force_guest_pull = true;
  asked.guest_memory_bytes = 512U << 20;
  asked.policy = guest_policy::none;
  asked.labels = {{"pod", "web-0"}};
  asked.no_watchable = true;
  asked.mount_namespace.path = "/proc/7/ns/mnt";
  CHECK(script->asked<prepare_request>() == asked);
}

TEST_CASE_FIXTURE(fixture, "ShareFile arrives and its answer comes back") {
  auto& answer = script->answer<share_file_reply>();
  answer.share_id = "c1-1";
  answer.guest_path = "/g/c1-1";
  answer.generation = "..2026";
  answer.skipped = {{"dev", "is a device"}, {"\xff", "bad"}};
  answer.container_storages
    = {{"blk", {"o"}, "/s", "xfs", {"nouuid"}, "/m", {{7, true}}, true}};
  auto request = of_container<v1::ShareFileRequest>();
  request.mutable_mount()->set_source("/a");
  request.mutable_mount()->set_destination("/etc/a");
  request.mutable_mount()->set_type("bind");
  request.mutable_mount()->add_options("ro");
  request.mutable_mount()->set_read_only(true);
  auto client = connect();
  const auto reply = ok<v1::ShareFileReply>(client, "ShareFile", request);
  CHECK(script->asked<share_file_request>()
        == share_file_request{
          "sb-1", "c1", {"/a", "/etc/a", "bind", {"ro"}, true}});
  CHECK(!reply.ignored());
  CHECK(reply.share_id() == "c1-1");
  CHECK(reply.guest_path() == "/g/c1-1");
  CHECK(reply.generation() == "..2026");
  REQUIRE(reply.skipped_size() == 2);
  CHECK(reply.skipped(0).path() == "dev");
  CHECK(reply.skipped(0).reason() == "is a device");
  CHECK(reply.skipped(1).path() == "\xef\xbf\xbd");
  REQUIRE(reply.container_storages_size() == 1);
  const auto& storage = reply.container_storages(0);
  CHECK(storage.driver() == "blk");
  CHECK(storage.driver_options(0) == "o");
  CHECK(storage.source() == "/s");
  CHECK(storage.fstype() == "xfs");
  CHECK(storage.options(0) == "nouuid");
  CHECK(storage.mount_point() == "/m");
  CHECK(storage.fs_group().group_id() == 7);
  CHECK(storage.fs_group().group_change_policy() == v1::OnRootMismatch);
  CHECK(storage.shared());
}

TEST_CASE_FIXTURE(fixture, "each method reaches its handler") {
  script->answer<unshare_file_reply>().leftovers = {{"/g/x", "guest is gone"}};
  script->answer<unshare_container_reply>().leftovers
    = {{"/g/y", "guest is gone"}};
  script->answer<share_rootfs_reply>().guest_path = "/g/c1/rootfs";
  auto client = connect();
  ok<v1::CleanupReply>(client, "Cleanup", of_sandbox<v1::CleanupRequest>());
  auto unshare = of_sandbox<v1::UnshareFileRequest>();
  unshare.set_share_id("x");
  const auto left = ok<v1::UnshareFileReply>(client, "UnshareFile", unshare);
  REQUIRE(left.pending_size() == 1);
  CHECK(left.pending(0).path() == "/g/x");
  CHECK(left.pending(0).reason() == "guest is gone");
  const auto all_left = ok<v1::UnshareContainerReply>(
    client, "UnshareContainer", of_container<v1::UnshareContainerRequest>());
  CHECK(all_left.pending_size() == 1);
  auto rootfs = of_container<v1::ShareRootFilesystemRequest>();
  rootfs.mutable_rootfs()->set_target("/b/rootfs");
  rootfs.mutable_rootfs()->set_suffix("rootfs");
  CHECK(ok<v1::ShareRootFilesystemReply>(client, "ShareRootFilesystem", rootfs)
          .guest_path()
        == "/g/c1/rootfs");
  ok<v1::UnshareRootFilesystemReply>(
    client, "UnshareRootFilesystem",
    of_container<v1::UnshareRootFilesystemRequest>());
  ok<v1::StartFileEventWatcherReply>(
    client, "StartFileEventWatcher",
    of_sandbox<v1::StartFileEventWatcherRequest>());
  ok<v1::StopFileEventWatcherReply>(
    client, "StopFileEventWatcher",
    of_sandbox<v1::StopFileEventWatcherRequest>());
  CHECK(script->calls
        == std::vector<std::string>{
          "cleanup_request sb-1", "unshare_file_request sb-1",
          "unshare_container_request c1", "share_rootfs_request c1",
          "unshare_rootfs_request c1", "start_watcher_request sb-1",
          "stop_watcher_request sb-1"});
}

TEST_CASE_FIXTURE(fixture, "a root filesystem arrives with all its parts") {
  script->answer<share_rootfs_reply>().device_paths = {"/d"};
  auto client = connect();
  auto rootfs = of_container<v1::ShareRootFilesystemRequest>();
  rootfs.mutable_rootfs()->set_target("/b/rootfs");
  rootfs.mutable_rootfs()->set_suffix("rootfs");
  rootfs.mutable_rootfs()->set_source("overlay");
  auto& block = *rootfs.mutable_block();
  block.set_fstype("xfs");
  block.set_driver("virtio-scsi");
  block.set_virt_path("/dev/vda");
  block.set_pci_path("01/02");
  block.set_scsi_address("0:1");
  block.set_ccw_device("0.0.1234");
  block.set_pmem_id("3");
  auto& device = *rootfs.add_devices();
  device.set_container_path("/dev/layer.erofs");
  device.mutable_block()->set_driver("virtio-blk");
  device.mutable_block()->set_pci_path("03");
  (*rootfs.mutable_annotations())["name"] = "value";
  const auto reply
    = ok<v1::ShareRootFilesystemReply>(client, "ShareRootFilesystem", rootfs);
  share_rootfs_request asked;
  asked.sandbox_id = "sb-1";
  asked.container_id = "c1";
  asked.rootfs.target = "/b/rootfs";
  asked.rootfs.suffix = "rootfs";
  asked.rootfs.source = "overlay";
  asked.block
    = {"xfs", "virtio-scsi", "/dev/vda", "01/02", "0:1", "0.0.1234", "3"};
  asked.devices
    = {{"/dev/layer.erofs", {"", "virtio-blk", "", "03", "", "", ""}}};
  asked.annotations = {{"name", "value"}};
  CHECK(script->asked<share_rootfs_request>() == asked);
  REQUIRE(reply.device_paths_size() == 1);
  CHECK(reply.device_paths(0) == "/d");
}

TEST_CASE_FIXTURE(fixture, "status replies carry every field") {
  auto& answer = script->answer<get_sandbox_reply>();
  answer.sandbox = {"sb-1",
                    sharing_mode::shared_filesystem,
                    "unix:///g",
                    "3.18",
                    true,
                    true,
                    "/S/shared",
                    "/S/mounts",
                    2,
                    3,
                    8192,
                    65536,
                    {{{"/g/old", "refused"}}},
                    {},
                    "no space left"};
  answer.shares.listed = {{"id",
                           "c1",
                           {"/a", "/d", "bind", {}, true},
                           "/h",
                           "/g",
                           true,
                           true,
                           "is a socket",
                           "secret",
                           true,
                           {1, 2, 3, 4},
                           {{"s", "socket"}},
                           {"2 links lead out"}}};
  destination_status at;
  at.sandbox_id = "sb-1";
  at.container_id = "c1";
  at.share_id = "id";
  at.guest_path = "/g";
  at.guest_generation = "..1";
  at.stale_for = 5ms;
  at.last_lag = 6us;
  at.reason = "guest is gone";
  at.failures = 7;
  at.pushes = 8;
  at.not_removable = {"/g/..0"};
  answer.volumes.listed = {{"/v", "..2", true, "why", 9, {at}}};
  auto client = connect();
  const auto reply = ok<v1::GetSandboxReply>(
    client, "GetSandbox", of_sandbox<v1::GetSandboxRequest>());
  const auto& sandbox = reply.sandbox();
  CHECK(sandbox.mode() == v1::SHARING_MODE_SHARED_FILESYSTEM);
  CHECK(sandbox.guest_agent_version() == "3.18");
  CHECK(sandbox.guest_connected());
  CHECK(sandbox.watcher_running());
  CHECK(sandbox.containers() == 2);
  CHECK(sandbox.shares() == 3);
  CHECK(sandbox.held_bytes() == 8192);
  CHECK(sandbox.held_limit_bytes() == 65536);
  CHECK(sandbox.pending(0).path() == "/g/old");
  CHECK(sandbox.unrecorded() == "no space left");
  CHECK(reply.shares(0).mount().read_only());
  CHECK(reply.shares(0).ready());
  CHECK(reply.shares(0).ignored());
  CHECK(reply.shares(0).reason() == "is a socket");
  CHECK(reply.shares(0).category() == "secret");
  CHECK(reply.shares(0).would_be_denied());
  REQUIRE(reply.shares(0).notes_size() == 1);
  CHECK(reply.shares(0).notes(0) == "2 links lead out");
  CHECK(reply.shares(0).progress().entries_done() == 1);
  CHECK(reply.shares(0).progress().entries_total() == 2);
  CHECK(reply.shares(0).progress().done_bytes() == 3);
  CHECK(reply.shares(0).progress().total_bytes() == 4);
  CHECK(reply.shares(0).skipped(0).reason() == "socket");
  const auto& volume = reply.volumes(0);
  CHECK(volume.host_generation() == "..2");
  CHECK(volume.watched());
  CHECK(volume.reason() == "why");
  CHECK(volume.snapshots() == 9);
  const auto& destination = volume.destinations(0);
  CHECK(destination.guest_generation() == "..1");
  CHECK(!destination.current());
  CHECK(destination.stale_ns() == 5'000'000);
  CHECK(destination.lag_ns() == 6'000);
  CHECK(destination.reason() == "guest is gone");
  CHECK(destination.failures() == 7);
  CHECK(destination.pushes() == 8);
  CHECK(destination.not_removable(0) == "/g/..0");
}

TEST_CASE_FIXTURE(fixture, "leftovers of a sandbox come in pages, each of "
                           "which holds what a frame takes") {
  constexpr std::size_t many = 2500;
  auto& answer = script->answer<get_sandbox_reply>();
  answer.sandbox.sandbox_id = "sb-1";
  for (std::size_t n = 0; n < many; ++n)
    answer.sandbox.leftovers.listed.push_back(
      {"/g/" + std::to_string(10'000 + n), std::string(500, 'x')});
  answer.shares.listed.resize(2);
  auto client = connect();
  auto request = of_sandbox<v1::GetSandboxRequest>();
  std::set<std::string> seen;
  std::uint64_t more = many;
  while (more > 0) {
    const bool is_first = request.pending_after().empty();
    const auto reply = ok<v1::GetSandboxReply>(client, "GetSandbox", request);
    const auto& sandbox = reply.sandbox();
    CHECK(sandbox.sandbox_id() == "sb-1");
    CHECK(reply.shares_size() == (is_first ? 2 : 0));
    CHECK(reply.ByteSizeLong() < (std::size_t{300} << 10));
    REQUIRE(sandbox.pending_size() > 0);
    for (const auto& each : sandbox.pending())
      CHECK(seen.insert(each.path()).second);
    more = sandbox.pending_more();
    CHECK(more == many - seen.size());
    request.set_pending_after(*seen.rbegin());
  }
  CHECK(seen.size() == many);
}

TEST_CASE_FIXTURE(fixture, "lists work without a sandbox") {
  script->sandboxes = {"a", "b"};
  script->answer<list_volumes_reply>().volumes.listed.resize(3);
  auto client = connect();
  CHECK(ok<v1::ListSandboxesReply>(client, "ListSandboxes",
                                   v1::ListSandboxesRequest{})
          .sandboxes_size()
        == 2);
  CHECK(
    ok<v1::ListVolumesReply>(client, "ListVolumes", v1::ListVolumesRequest{})
      .volumes_size()
    == 3);
}

TEST_CASE_FIXTURE(fixture, "Check and Version need no NODE") {
  auto client = connect(1000);
  CHECK(ok<v1::CheckReply>(client, "Check", v1::CheckRequest{}).status()
        == v1::CheckReply::SERVING);
  const auto reply
    = ok<v1::VersionReply>(client, "Version", v1::VersionRequest{});
  CHECK(reply.version() == "1.2.3");
  CHECK(reply.build() == "g++");
  CHECK(script->calls.empty());
}

TEST_CASE_FIXTURE(fixture,
                  "bad input is INVALID_ARGUMENT and NODE is not asked") {
  auto client = connect();
  const auto refused = [&](const v1::PrepareRequest& request) {
    return call(client, "Prepare", request.SerializeAsString());
  };
  auto request = good_prepare();
  request.set_sandbox_id("../x");
  CHECK(refused(request).code == errc::invalid_argument);
  CHECK(refused(request).message.find("sandbox_id") != std::string::npos);
  for (const int mode : {0, 3, 256, 257, -1}) {
    request = good_prepare();
    request.set_mode(static_cast<v1::SharingMode>(mode));
    CHECK_MESSAGE(refused(request).code == errc::invalid_argument, mode);
  }
  for (const char* method : {"Prepare", "Cleanup", "Check", "Version"}) {
    const auto got = call(client, method, "\xff\xff garbage");
    CHECK(got.code == errc::invalid_argument);
    CHECK(got.message.find("decoded") != std::string::npos);
  }
  // Which field it is, too.
  const auto bad = call(client, "Prepare", "\x0a\x01\xff");
  CHECK(bad.code == errc::invalid_argument);
  CHECK(bad.message
        == "fsshare.v1.PrepareRequest cannot be decoded: sandbox_id (not "
           "UTF-8)");
  CHECK(script->calls.empty());
}

TEST_CASE_FIXTURE(fixture, "unknown services and methods are UNIMPLEMENTED") {
  auto client = connect();
  CHECK(call(client, "Prepare", "", "grpc.AgentService").code
        == errc::unimplemented);
  CHECK(call(client, "prepare", "").code == errc::unimplemented);
  CHECK(call(client, "", "").code == errc::unimplemented);
  CHECK(script->calls.empty());
}

TEST_SUITE_END();
