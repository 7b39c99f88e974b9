// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_line.hpp"
#include "ctl/examples.hpp"
#include "proto/fsshare.pb.h"

#include <doctest/doctest.h>
#include <sstream>

using namespace fsshare;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("ctl/command_line");

namespace {

std::variant<ctl::invocation, ctl::usage> parse(const std::string& line) {
  std::istringstream words{line};
  std::vector<std::string> args;
  for (std::string word; words >> word;)
    args.push_back(word);
  return ctl::parse_command_line(args, "fssharectl 1.2");
}

ctl::invocation good(const std::string& line) {
  auto parsed = parse(line);
  const auto* refused = std::get_if<ctl::usage>(&parsed);
  REQUIRE_MESSAGE(refused == nullptr, line, ": ", refused->text);
  auto out = std::get<ctl::invocation>(std::move(parsed));
  REQUIRE(out.call);
  return out;
}

/// Checks that a line makes a call of `method` with exactly `expected`.
template <class Request>
void check_call(const std::string& line, const std::string& method,
                const Request& expected) {
  const auto asked = good(line);
  CHECK(asked.call->method() == method);
  CHECK(asked.call->request().GetTypeName() == expected.GetTypeName());
  CHECK(asked.call->request().ShortDebugString()
        == expected.ShortDebugString());
}

template <class Request>
Request of_sandbox(const char* container = "") {
  Request out;
  out.set_sandbox_id("sb");
  if constexpr (requires { out.set_container_id(""); })
    out.set_container_id(container);
  return out;
}

void check_usage(const std::string& line, const std::string& named) {
  const auto parsed = parse(line);
  const auto* refused = std::get_if<ctl::usage>(&parsed);
  REQUIRE_MESSAGE(refused != nullptr, line);
  CHECK_MESSAGE(refused->exit_code == 64, line);
  CHECK_MESSAGE(refused->text.find(named) != std::string::npos, refused->text);
}

} // namespace

TEST_CASE("sandbox commands become their calls") {
  auto prepare = of_sandbox<v1::PrepareRequest>();
  prepare.set_mode(v1::SHARING_MODE_COPY);
  prepare.mutable_guest()->set_address("unix:///g");
  prepare.set_no_owner(true);
  check_call("sandbox prepare sb --mode copy --guest unix:///g", "Prepare",
             prepare);
  prepare.mutable_guest()->set_share_dir("/d");
  for (const char* path : {"/a", "/b"}) {
    auto* bind = prepare.add_sandbox_binds();
    bind->set_source(path);
  }
  auto* writable = prepare.add_sandbox_binds();
  writable->set_source("/c");
  writable->set_writable(true);
  prepare.add_kubelet_roots("/k");
  prepare.set_no_watcher(true);
  prepare.set_nydusd_socket("/n");
  prepare.set_force_guest_pull(true);
  prepare.set_mount_namespace("/proc/7/ns/mnt");
  prepare.set_mode(v1::SHARING_MODE_SHARED_FILESYSTEM);
  check_call("sandbox prepare sb --mode shared-filesystem --guest unix:///g "
             "--guest-share-dir /d --bind-ro /a --bind-ro /b --bind-rw /c "
             "--kubelet-root /k --no-watcher --nydusd /n --force-guest-pull "
             "--mount-namespace /proc/7/ns/mnt",
             "Prepare", prepare);
  prepare.Clear();
  prepare.set_sandbox_id("sb");
  prepare.set_mode(v1::SHARING_MODE_SHARED_FILESYSTEM);
  prepare.set_owner_pid(47);
  check_call("sandbox prepare sb --mode shared-filesystem --owner-pid 47",
             "Prepare", prepare);
  auto cleanup = of_sandbox<v1::CleanupRequest>();
  check_call("sandbox cleanup sb", "Cleanup", cleanup);
  cleanup.set_abandoned(true);
  check_call("sandbox discard sb", "Cleanup", cleanup);
  check_call("sandbox ls", "ListSandboxes", v1::ListSandboxesRequest{});
  check_call("sandbox inspect sb", "GetSandbox",
             of_sandbox<v1::GetSandboxRequest>());
}

TEST_CASE("share commands become their calls") {
  auto add = of_sandbox<v1::ShareFileRequest>("c");
  add.mutable_mount()->set_source("/s");
  add.mutable_mount()->set_destination("/d");
  check_call("share add sb c /s /d", "ShareFile", add);
  add.mutable_mount()->set_type("bind");
  add.mutable_mount()->add_options("rbind");
  add.mutable_mount()->add_options("ro");
  add.mutable_mount()->set_read_only(true);
  check_call("share add sb c /s /d --type bind --option rbind --option ro "
             "--read-only",
             "ShareFile", add);
  check_call("share ls sb", "GetSandbox", of_sandbox<v1::GetSandboxRequest>());
}

TEST_CASE("a share is removed by key, by id or with all of its container") {
  auto by_key = of_sandbox<v1::UnshareFileRequest>("c");
  by_key.set_destination("/d");
  check_call("share rm sb c /d", "UnshareFile", by_key);
  auto by_id = of_sandbox<v1::UnshareFileRequest>();
  by_id.set_share_id("x");
  check_call("share rm sb --id x", "UnshareFile", by_id);
  check_call("share rm sb c --all", "UnshareContainer",
             of_sandbox<v1::UnshareContainerRequest>("c"));
  for (const char* line :
       {"share rm sb", "share rm sb c", "share rm sb c /d --id x",
        "share rm sb c --id x", "share rm sb --all", "share rm sb c /d --all",
        "share rm sb c --id x --all"})
    check_usage(line, "--all");
}

TEST_CASE("the other commands become their calls") {
  auto rootfs = of_sandbox<v1::ShareRootFilesystemRequest>("c");
  rootfs.mutable_rootfs()->set_target("/r");
  rootfs.mutable_rootfs()->set_suffix("rootfs");
  check_call("rootfs add sb c /r", "ShareRootFilesystem", rootfs);
  rootfs.mutable_rootfs()->set_suffix("x");
  rootfs.mutable_rootfs()->set_type("overlay");
  rootfs.mutable_rootfs()->add_options("ro");
  check_call("rootfs add sb c /r --suffix x --type overlay --option ro",
             "ShareRootFilesystem", rootfs);
  rootfs.mutable_rootfs()->set_source("o");
  rootfs.mutable_block()->set_driver("virtio-scsi");
  rootfs.mutable_block()->set_scsi_address("0:1");
  rootfs.mutable_block()->set_fstype("xfs");
  auto& device = *rootfs.add_devices();
  device.set_container_path("/layer.erofs");
  device.mutable_block()->set_driver("virtio-blk");
  device.mutable_block()->set_pci_path("01/02");
  (*rootfs.mutable_annotations())["a"] = "b=c";
  check_call("rootfs add sb c /r --suffix x --type overlay --option ro "
             "--source o --block virtio-scsi:0:1 --block-fstype xfs "
             "--device /layer.erofs=virtio-blk:01/02 --annotation a=b=c",
             "ShareRootFilesystem", rootfs);
  auto pulled = of_sandbox<v1::ShareRootFilesystemRequest>("c");
  pulled.mutable_rootfs()->set_suffix("rootfs");
  check_call("rootfs add sb c", "ShareRootFilesystem", pulled);
  pulled.mutable_block()->set_driver("virtio-mmio");
  pulled.mutable_block()->set_virt_path("/dev/vda");
  check_call("rootfs add sb c --block virtio-mmio:/dev/vda",
             "ShareRootFilesystem", pulled);
  pulled.mutable_block()->Clear();
  pulled.mutable_block()->set_driver("virtio-blk-ccw");
  pulled.mutable_block()->set_ccw_device("0.0.0005");
  check_call("rootfs add sb c --block virtio-blk-ccw:0.0.0005",
             "ShareRootFilesystem", pulled);
  pulled.mutable_block()->Clear();
  pulled.mutable_block()->set_driver("nvdimm");
  pulled.mutable_block()->set_pmem_id("0");
  check_call("rootfs add sb c --block nvdimm:0", "ShareRootFilesystem", pulled);
  check_call("rootfs rm sb c", "UnshareRootFilesystem",
             of_sandbox<v1::UnshareRootFilesystemRequest>("c"));
  check_call("volume ls", "ListVolumes", v1::ListVolumesRequest{});
  check_call("volume ls sb", "ListVolumes",
             of_sandbox<v1::ListVolumesRequest>());
  check_call("watcher start sb", "StartFileEventWatcher",
             of_sandbox<v1::StartFileEventWatcherRequest>());
  check_call("watcher stop sb", "StopFileEventWatcher",
             of_sandbox<v1::StopFileEventWatcherRequest>());
  check_call("version", "Version", v1::VersionRequest{});
}

TEST_CASE("endpoint, timeout and output have defaults") {
  const auto asked = good("version");
  CHECK(asked.endpoint == "/run/fsshare/fsshare.sock");
  CHECK(asked.timeout == 5min);
  CHECK(asked.format == ctl::output_format::table);
}

TEST_CASE("general options stand before and after the command") {
  for (const char* line :
       {"-o json --endpoint /s --timeout 30s version",
        "version -o json --endpoint /s --timeout 30s",
        "version --output=json --endpoint=unix:///s --timeout=30000ms"}) {
    const auto asked = good(line);
    CHECK(asked.endpoint == "/s");
    CHECK(asked.timeout == 30s);
    CHECK(asked.format == ctl::output_format::json);
  }
  CHECK(good("--endpoint unix://@x version").endpoint == "@x");
}

TEST_CASE("mistakes are usage errors that name them") {
  check_usage("", "subcommand");
  check_usage("sandbox", "subcommand");
  check_usage("nonsense", "nonsense");
  check_usage("sandbox ls extra", "extra");
  check_usage("sandbox prepare sb", "--mode");
  check_usage("sandbox prepare sb --mode all", "all");
  check_usage("sandbox inspect", "SANDBOX");
  check_usage("share add sb c /s", "DESTINATION");
  check_usage("version --endpoint rel", "rel");
  check_usage("version --timeout 3", "'3'");
  check_usage("version --timeout 0s", "'0s'");
  check_usage("version -o xml", "xml");
  check_usage("version --nonsense", "--nonsense");
}

TEST_CASE("help and version are no mistakes") {
  for (const char* line : {"--help", "sandbox -h", "sandbox prepare --help"}) {
    const auto parsed = parse(line);
    const auto* told = std::get_if<ctl::usage>(&parsed);
    REQUIRE_MESSAGE(told != nullptr, line);
    CHECK(told->exit_code == 0);
    CHECK(told->text.find("Usage:") != std::string::npos);
  }
  const auto parsed = parse("--version");
  CHECK(std::get<ctl::usage>(parsed).text == "fssharectl 1.2\n");
}

TEST_SUITE_END();

TEST_CASE("each example is a command line, and stands in the command's help") {
  for (const auto& each : ctl::command_examples) {
    const std::string command{each.command};
    const auto line = command + " " + std::string{each.arguments};
    const auto parsed = parse(line);
    CHECK_MESSAGE(std::holds_alternative<ctl::invocation>(parsed), line);
    const auto help = parse(command + " --help");
    REQUIRE(std::holds_alternative<ctl::usage>(help));
    CHECK_MESSAGE(std::get<ctl::usage>(help).text.find("Example:\n  fssharectl "
                                                       + line + "\n")
                    != std::string::npos,
                  std::get<ctl::usage>(help).text);
  }
}
