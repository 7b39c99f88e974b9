// SPDX-License-Identifier: Apache-2.0
#include "tests/demo/rootfs_part.hpp"

#include "core/paths.hpp"
#include "tests/support/base64_text.hpp"
#include "tests/support/nydusd_stand_in.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>
#include <fstream>

namespace fsshare::demo {

namespace {

namespace fs = std::filesystem;
using words = std::vector<std::string>;

constexpr const char* sandbox = "roots";

/// One container: what its root filesystem is given by, and the drivers of the
/// storages that must come of it.
struct root {
  std::string container;
  std::string about;
  words arguments;
  words drivers;
};

std::string snapshot_dir(const demo_host& host) {
  return host.path("data/snapshot");
}

std::string nydus_option(const demo_host& host) {
  const nlohmann::json image{{"source", "/images/web.boot"},
                             {"config", "{\"device\":{}}"},
                             {"snapshotdir", snapshot_dir(host)}};
  return "extraoption=" + test::base64_text(image.dump());
}

std::string pull_option() {
  const nlohmann::json volume{{"volume_type", "image_guest_pull"},
                              {"image_pull", {{"metadata", {{"a", "b"}}}}}};
  return "io.katacontainers.volume=" + test::base64_text(volume.dump());
}

std::vector<root> roots(const demo_host& host) {
  const std::string erofs
    = "/var/lib/containerd/io.containerd.snapshotter.v1.erofs/snapshots/";
  return {
    {"plain", "a directory to bind", {host.path("data/rootfs")}, {}},
    {"disk",
     "a block device",
     {"--block", "virtio-blk:01/02", "--block-fstype", "xfs"},
     {"blk"}},
    {"erofs",
     "layers of the EROFS snapshotter",
     {"--type", "overlay", "--option", "lowerdir=" + erofs + "1/fs", "--device",
      erofs + "1/layer.erofs=virtio-blk:02", "--device",
      erofs + "2/rwlayer.img=virtio-scsi:0:1"},
     {"blk", "scsi", "overlayfs"}},
    {"layers",
     "layers that options name",
     {"--type", "overlay", "--option",
      "io.katacontainers.fs-opt.layer=bGF5ZXI=", "--option",
      "io.katacontainers.fs-opt.overlay-rw"},
     {"overlayfs"}},
    {"pulled",
     "a virtual volume: the guest pulls the image",
     {"--option", pull_option(), "--annotation",
      "io.kubernetes.cri.image-name=docker.io/library/web:1"},
     {"image_guest_pull"}},
    {"nydus",
     "an image that nydusd serves",
     {"--type", "fuse.nydus-overlayfs", "--option", nydus_option(host)},
     {"overlayfs"}},
  };
}

words drivers_of(const nlohmann::json& reply) {
  words drivers;
  for (const auto& each : reply.at("container_storages"))
    drivers.push_back(each.at("driver"));
  return drivers;
}

void show_root(demo_host& host, const root& one) {
  host.out().say("\n" + one.container + ": " + one.about);
  words line{"rootfs", "add", sandbox, one.container};
  line.insert(line.end(), one.arguments.begin(), one.arguments.end());
  host.ctl(line);
  // The same request again has the same answer.
  host.out().check(drivers_of(host.ask(line)) == one.drivers,
                   "the storages are those that the guest agent expects");
}

void show_forced_pull(demo_host& host) {
  host.out().say("\nforced: a sandbox whose guest pulls every image");
  host.ctl({"sandbox", "prepare", "sealed", "--mode", "copy", "--guest",
            host.guest_address(), "--force-guest-pull"});
  const words line{
    "rootfs",       "add",
    "sealed",       "forced",
    "--annotation", "io.kubernetes.cri.image-name=docker.io/library/web:1"};
  host.ctl(line);
  host.out().check(drivers_of(host.ask(line)) == words{"image_guest_pull"},
                   "no option and no directory is needed for it");
  host.ctl({"sandbox", "cleanup", "sealed"});
}

void check_host(demo_host& host, const test::nydusd_stand_in& nydusd) {
  auto& out = host.out();
  const auto reply = host.ask({"sandbox", "inspect", sandbox});
  const std::string shared = reply.at("sandbox").at("shared_dir");
  const auto greeting = join(shared, "plain/rootfs/greeting");
  out.check(test::exists(greeting)
              && test::read_file(greeting) == "hello from a root\n",
            greeting + " shows the bound root filesystem");
  out.check(nydusd.mounted().contains("/rafs/nydus/lowerdir"),
            "nydusd has mounted the image at /rafs/nydus/lowerdir");
  const auto upper = join(shared, "nydus/snapshotdir/fs/written");
  std::ofstream{upper} << "by the guest\n";
  out.check(test::exists(join(snapshot_dir(host), "fs/written")),
            "what the guest writes goes to the snapshot's directory");
}

} // namespace

void show_rootfs_kinds(demo_host& host) {
  auto& out = host.out();
  out.heading("A root filesystem of each kind");
  fs::create_directories(host.path("data/rootfs"));
  std::ofstream{host.path("data/rootfs/greeting")} << "hello from a root\n";
  fs::create_directories(snapshot_dir(host) + "/fs");
  fs::create_directories(snapshot_dir(host) + "/work");
  const auto socket = host.path("run/nydusd.sock");
  const test::nydusd_stand_in nydusd{socket};
  const auto before = host.mounts();
  host.ctl({"sandbox", "prepare", sandbox, "--mode", "shared-filesystem",
            "--nydusd", socket});
  for (const auto& one : roots(host))
    show_root(host, one);
  check_host(host, nydusd);
  host.ctl({"rootfs", "rm", sandbox, "plain"});
  host.ctl({"sandbox", "cleanup", sandbox});
  out.check(nydusd.mounted().empty(), "nydusd has no image of it any more");
  out.check(host.mounts() == before, "no mount of any root filesystem is left");
  out.check(test::exists(host.path("data/rootfs/greeting"))
              && test::exists(join(snapshot_dir(host), "fs/written")),
            "the sources are as they were");
  show_forced_pull(host);
  fs::remove(socket);
}

} // namespace fsshare::demo
