// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/rootfs_share.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

const share_layout layout{"/r", "box",
                          "/run/kata-containers/shared/containers"};
const std::string shared = "/run/kata-containers/shared/containers/";
const std::string own = "/run/kata-containers/c1/";

rootfs_setting setting(bool shares = true, bool nydusd = true) {
  return {layout, shares, nydusd, submounts::take};
}

share_rootfs_request request() {
  share_rootfs_request out;
  out.sandbox_id = "box";
  out.container_id = "c1";
  out.rootfs.suffix = "rootfs";
  return out;
}

rootfs_share must(const share_rootfs_request& r, rootfs_kind kind,
                  const rootfs_payload& payload = {},
                  const rootfs_setting& with = setting()) {
  auto made = plan_rootfs_share(r, kind, payload, with);
  REQUIRE_MESSAGE(made, (made ? "" : made.err().message));
  CHECK(made->kind == kind);
  return *std::move(made);
}

error refused(const share_rootfs_request& r, rootfs_kind kind,
              const rootfs_payload& payload = {},
              const rootfs_setting& with = setting()) {
  auto made = plan_rootfs_share(r, kind, payload, with);
  REQUIRE(!made);
  return made.err();
}

std::vector<std::string> steps(const std::optional<mount_plan>& plan) {
  std::vector<std::string> out;
  REQUIRE(plan);
  for (const auto& step : plan->steps)
    out.push_back(describe(step));
  return out;
}

bool is_on_host(const rootfs_share& share) {
  return !share.host_path.empty() || share.mounts || share.unmounts
         || share.rafs;
}

using words = std::vector<std::string>;
using storages = std::vector<storage>;

} // namespace

TEST_SUITE_BEGIN("core/rootfs/rootfs_share");

TEST_CASE("a forced guest pull is Kata's storage, byte for byte") {
  auto r = request();
  r.annotations = {{"io.kubernetes.cri.image-name", "test-image-name"}};
  for (const bool shares : {true, false}) {
    const auto share = must(r, rootfs_kind::forced_pull, {}, setting(shares));
    CHECK(!is_on_host(share));
    CHECK(share.reply.guest_path == own + "rootfs");
    CHECK(share.reply.container_storages
          == storages{{"image_guest_pull",
                       {R"(image_guest_pull={"metadata":{"io.kubernetes.cri.)"
                        R"(image-name":"test-image-name"}})"},
                       "test-image-name",
                       "overlay",
                       {},
                       own + "rootfs",
                       {},
                       false}});
  }
}

TEST_CASE("the image's name is where its runtime puts it") {
  const auto image = [](const string_map& annotations) {
    auto r = request();
    r.annotations = annotations;
    return must(r, rootfs_kind::forced_pull)
      .reply.container_storages.at(0)
      .source;
  };
  const std::string kata = "io.katacontainers.pkg.oci.container_type";
  const std::string cri = "io.kubernetes.cri.container-type";
  const std::string crio = "io.kubernetes.cri-o.ContainerType";
  const std::pair<std::string, std::string> cri_name{
    "io.kubernetes.cri.image-name", "a"};
  const std::pair<std::string, std::string> crio_name{
    "io.kubernetes.cri-o.ImageName", "b"};
  CHECK(image({cri_name, crio_name}) == "a");
  CHECK(image({cri_name, crio_name, {cri, "container"}}) == "a");
  CHECK(image({cri_name, crio_name, {crio, "container"}}) == "b");
  CHECK(image({{cri, "sandbox"}, {kata, "pod_sandbox"}}) == "pause");
  CHECK(image({{crio, "sandbox"}, {kata, "pod_sandbox"}}) == "pause");
  // Without a container type of the CRI it is no pod.
  CHECK(image({cri_name, {kata, "pod_sandbox"}}) == "a");
  auto r = request();
  CHECK(refused(r, rootfs_kind::forced_pull).message.find("cri.image-name")
        != std::string::npos);
  r.annotations = {{crio, "container"}};
  CHECK(refused(r, rootfs_kind::forced_pull).message.find("cri-o.ImageName")
        != std::string::npos);
}

TEST_CASE("annotations are laid over the metadata of a guest pull") {
  auto r = request();
  r.rootfs.suffix.clear();
  r.annotations = {{"io.kubernetes.cri.image-name", "i"}, {"k", "annotation"}};
  rootfs_payload payload;
  payload.volumes.resize(2);
  payload.volumes[0].volume_type = "image_guest_pull";
  payload.volumes[0].image_pull = string_map{{"k", "volume"}, {"a", "<1>"}};
  // Valid without metadata, which once crashed shims.
  payload.volumes[1].volume_type = "image_guest_pull";
  const auto share = must(r, rootfs_kind::virtual_volume, payload);
  CHECK(!is_on_host(share));
  CHECK(share.reply.guest_path == "/run/kata-containers/c1");
  const auto& made = share.reply.container_storages;
  REQUIRE(made.size() == 2);
  CHECK(made[0].driver_options
        == words{R"(image_guest_pull={"metadata":{"a":"\u003c1\u003e",)"
                 R"("io.kubernetes.cri.image-name":"i","k":"annotation"}})"});
  CHECK(made[1].driver_options
        == words{R"(image_guest_pull={"metadata":{)"
                 R"("io.kubernetes.cri.image-name":"i","k":"annotation"}})"});
  CHECK(made[0].mount_point == "/run/kata-containers/c1");
  payload.volumes[1].volume_type = "direct_block";
  CHECK(refused(r, rootfs_kind::virtual_volume, payload).code
        == errc::unimplemented);
}

TEST_CASE("a nydus image becomes an overlay below its snapshot") {
  rootfs_payload payload;
  payload.nydus = nydus_rootfs{"/boot", "{}", "/snap"};
  const auto share = must(request(), rootfs_kind::nydus, payload);
  CHECK(share.rafs == rafs_mount{"/rafs/c1/lowerdir", "/boot", "{}"});
  CHECK(share.host_path == "/r/box/mounts/c1/snapshotdir");
  CHECK(share.reply.guest_path == shared + "c1/rootfs");
  CHECK(share.reply.container_storages
        == storages{{"overlayfs",
                     {},
                     "overlay",
                     "overlay",
                     {"upperdir=" + shared + "c1/snapshotdir/fs",
                      "workdir=" + shared + "c1/snapshotdir/work",
                      "lowerdir=/run/kata-containers/shared/rafs/c1/lowerdir",
                      "index=off"},
                     shared + "c1/rootfs",
                     {},
                     false}});
  CHECK(
    steps(share.mounts)
    == words{"make directory /r/box/mounts/c1",
             "make directory /r/box/mounts/c1/rootfs",
             "make mount point /r/box/mounts/c1/snapshotdir for /snap",
             "bind /snap -> /r/box/mounts/c1/snapshotdir (rw,rbind,slave)"});
  CHECK(steps(share.unmounts)
        == words{"unmount /r/box/mounts/c1/snapshotdir",
                 "remove mount point /r/box/mounts/c1/snapshotdir",
                 "remove directory /r/box/mounts/c1/rootfs",
                 "remove directory /r/box/mounts/c1"});
}

TEST_CASE("nydus needs nydusd, its option, a shared filesystem and names") {
  rootfs_payload payload;
  payload.nydus = nydus_rootfs{"/boot", "{}", "/snap"};
  const auto code = [](const share_rootfs_request& r, const rootfs_payload& p,
                       const rootfs_setting& with) {
    return refused(r, rootfs_kind::nydus, p, with).code;
  };
  CHECK(code(request(), payload, setting(false)) == errc::failed_precondition);
  CHECK(code(request(), payload, setting(true, false))
        == errc::failed_precondition);
  CHECK(code(request(), {}, setting()) == errc::invalid_argument);
  auto r = request();
  r.rootfs.suffix = "snapshotdir";
  CHECK(code(r, payload, setting()) == errc::invalid_argument);
  payload.nydus->snapshot_dir = "relative";
  CHECK(code(request(), payload, setting()) == errc::invalid_argument);
  payload.nydus->snapshot_dir = "/r/box/mounts";
  CHECK(code(request(), payload, setting()) == errc::invalid_argument);
}

TEST_CASE("EROFS layers become devices below an overlay") {
  auto r = request();
  r.devices
    = {{"/s/2/layer.erofs", {"", "virtio-blk", "", "01/02", "", "", ""}},
       {"/dev/null", {}},
       {"/s/1/layer.erofs", {"", "nvdimm", "", "", "", "", "3"}},
       {"/s/0/rwlayer.img", {"", "virtio-scsi", "", "", "0:1", "", ""}},
       {"/s/3/rwlayer.img", {"", "virtio-scsi", "", "", "0:2", "", ""}}};
  const auto share = must(r, rootfs_kind::erofs, {}, setting(false));
  const std::string parts = "/run/kata-containers/virtual-volumes/";
  const auto one = parts + "MDEvMDI=";
  const auto two = parts + "L2Rldi9wbWVtMw==";
  const auto writable = parts + "MDoy";
  CHECK(!is_on_host(share));
  CHECK(share.reply.guest_path == own + "rootfs");
  const std::string create
    = "io.katacontainers.volume.overlayfs.create_directory=";
  CHECK(share.reply.container_storages
        == storages{
          {"blk", {}, "01/02", "erofs", {"ro"}, one, {}, false},
          {"nvdimm", {}, "/dev/pmem3", "erofs", {"dax", "ro"}, two, {}, false},
          {"scsi", {}, "0:2", "ext4", {}, writable, {}, false},
          {"overlayfs",
           {create + writable + "/upper", create + writable + "/work"},
           "overlay",
           "overlay",
           {"lowerdir=" + one + ":" + two, "upperdir=" + writable + "/upper",
            "workdir=" + writable + "/work"},
           own + "rootfs",
           {},
           false}});
  CHECK(share.reply.device_paths
        == words{one, "/dev/null", two, parts + "MDox", writable});
}

TEST_CASE("EROFS without a writable layer writes to the guest's memory") {
  auto r = request();
  r.devices
    = {{"/layer.erofs", {"", "virtio-mmio", "/dev/vdb", "", "", "", ""}}};
  const auto share = must(r, rootfs_kind::erofs);
  const auto& overlay = share.reply.container_storages.back();
  CHECK(overlay.options
        == words{"lowerdir=/run/kata-containers/virtual-volumes/L2Rldi92ZGI=",
                 "upperdir=" + own + "fs", "workdir=" + own + "work"});
  r.devices
    = {{"/rwlayer.img", {"", "virtio-mmio", "/dev/vdb", "", "", "", ""}}};
  CHECK(
    must(r, rootfs_kind::erofs).reply.container_storages.back().options.size()
    == 2);
  r.devices = {{"/x", {}}};
  CHECK(refused(r, rootfs_kind::erofs).code == errc::invalid_argument);
  r.devices
    = {{"/layer.erofs", {"", "virtio-mmi", "/dev/vdb", "", "", "", ""}}};
  CHECK(
    refused(r, rootfs_kind::erofs).message.find("device /layer.erofs: unknown")
    == 0);
}

TEST_CASE("merged EROFS layers are one device, which the guest agent makes the "
          "overlay of") {
  auto r = request();
  r.rootfs.type = "format/mkdir/overlay";
  r.rootfs.options = {"X-containerd.mkdir.path={{ mount 0 }}/upper:0755",
                      "workdir={{ mount 0 }}/work",
                      "upperdir={{ mount 0 }}/upper", "lowerdir={{ mount 1 }}"};
  r.devices
    = {{"/s/27/rwlayer.img", {"", "virtio-scsi", "", "", "0:1", "", ""}},
       {"/dev/fuse", {}},
       {"/s/26/fsmeta.erofs", {"", "virtio-blk", "", "02", "", "", ""}}};
  const auto share = must(r, rootfs_kind::erofs, {}, setting(false));
  CHECK(!is_on_host(share));
  const auto root = own + "rootfs";
  CHECK(share.reply.guest_path == root);
  CHECK(share.reply.container_storages
        == storages{{"scsi",
                     {},
                     "0:1",
                     "ext4",
                     {"X-kata.overlay-upper", "X-kata.multi-layer=true"},
                     root,
                     {},
                     false},
                    {"blk",
                     {},
                     "02",
                     "erofs",
                     {"ro", "X-kata.overlay-lower", "X-kata.multi-layer=true",
                      "X-kata.mkdir.path={{ mount 0 }}/upper:0755"},
                     root,
                     {},
                     false}});
  CHECK(share.reply.device_paths == words{root, "/dev/fuse", root});
  // Where a directory is named, it is the one that the merged one is mounted
  // on; without a writable layer the guest agent writes to its memory.
  r.rootfs = {"", "overlay", {"lowerdir=/s/26/fs"}, "rootfs", ""};
  r.devices.erase(r.devices.begin());
  CHECK(must(r, rootfs_kind::erofs).reply.container_storages.size() == 1);
}

TEST_CASE("an overlay of EROFS layers without one of them is refused, and so "
          "is a part that is not known") {
  const block_device disk{"", "virtio-blk", "", "02", "", "", ""};
  auto r = request();
  r.rootfs.type = "overlay";
  r.rootfs.options = {"lowerdir=/s/3/fs:/s/2/fs:/s/1/fs"};
  const auto says = [&](std::vector<container_device> devices) {
    r.devices = std::move(devices);
    const auto why = refused(r, rootfs_kind::erofs);
    CHECK(why.code == errc::invalid_argument);
    return why.message;
  };
  CHECK(says({{"/s/3/layer.erofs", disk}, {"/s/2/layer.erofs", disk}})
        == "lowerdir names 3 layers, and 2 of the devices are layer.erofs");
  CHECK(says({{"/s/3/rwlayer.img", disk}})
        == "lowerdir names 3 layers, and 0 of the devices are layer.erofs");
  CHECK(says({{"/s/3/fsmeta.erofs", disk}})
        == "lowerdir names 3 layers, and 1 of the devices are fsmeta.erofs");
  CHECK(says({{"/s/3/layer.erofs", disk},
              {"/s/2/layer.erofs", disk},
              {"/s/1/fsmeta.erofs", disk}})
        == "1 devices are fsmeta.erofs and 2 layer.erofs; one fsmeta.erofs "
           "holds all layers, and has none beside it");
  const std::string snapshots
    = "/var/lib/containerd/io.containerd.snapshotter.v1.erofs/snapshots/";
  for (const std::string& path :
       {std::string{"/s/1/image.erofs"}, std::string{"/s/1/merged_fs.vmdk"},
        snapshots + "1/layer.erofs.dmverity"})
    CHECK(says({{"/s/3/layer.erofs", disk}, {path, disk}})
          == "device " + path
               + ": no known part of an EROFS snapshot; known are "
                 "layer.erofs, fsmeta.erofs and rwlayer.img");
  r.devices = {{"/s/3/layer.erofs", disk},
               {"/s/2/layer.erofs", disk},
               {"/s/1/layer.erofs", disk}};
  CHECK(must(r, rootfs_kind::erofs).reply.container_storages.size() == 4);
}

TEST_CASE("layers that options name are left to the guest agent") {
  auto r = request();
  r.rootfs
    = {"", "fuse.x", {"io.katacontainers.fs-opt.layer=a", "ro"}, "s", ""};
  const auto share = must(r, rootfs_kind::layers, {}, setting(false));
  CHECK(!is_on_host(share));
  CHECK(share.reply.guest_path == own + "rootfs");
  CHECK(share.reply.container_storages
        == storages{{"overlayfs",
                     {},
                     "none",
                     "fuse.x",
                     {"io.katacontainers.fs-opt.layer=a", "ro"},
                     own + "rootfs",
                     {},
                     false}});
}

TEST_CASE("a block device is mounted on the container's shared directory") {
  auto r = request();
  r.block = {"xfs", "virtio-blk", "", "02", "", "", ""};
  const auto share = must(r, rootfs_kind::block_device);
  CHECK(share.host_path == "/r/box/mounts/c1/rootfs");
  CHECK(share.reply.guest_path == shared + "c1/rootfs");
  CHECK(share.reply.container_storages
        == storages{
          {"blk", {}, "02", "xfs", {"nouuid"}, shared + "c1", {}, false}});
  CHECK(steps(share.mounts)
        == words{"make directory /r/box/mounts/c1",
                 "make directory /r/box/mounts/c1/rootfs"});
  CHECK(steps(share.unmounts)
        == words{"remove directory /r/box/mounts/c1/rootfs",
                 "remove directory /r/box/mounts/c1"});
  r.block = {"ext4", "nvdimm", "", "", "", "", "0"};
  r.rootfs.suffix.clear();
  const auto copied = must(r, rootfs_kind::block_device, {}, setting(false));
  CHECK(!is_on_host(copied));
  CHECK(copied.reply.guest_path == shared + "c1");
  CHECK(copied.reply.container_storages.at(0).options == words{"dax"});
  r.block.fstype.clear();
  CHECK(refused(r, rootfs_kind::block_device).message.find("block.fstype")
        == 0);
  r.block = {"ext4", "dummy", "", "", "", "", ""};
  CHECK(refused(r, rootfs_kind::block_device).code == errc::invalid_argument);
}

TEST_CASE("a directory is bound, or refused where the guest shares nothing") {
  auto r = request();
  r.rootfs.target = "/bundle/rootfs";
  const auto share = must(r, rootfs_kind::bind);
  CHECK(share.host_path == "/r/box/mounts/c1/rootfs");
  CHECK(share.reply.guest_path == shared + "c1/rootfs");
  CHECK(share.reply.container_storages.empty());
  CHECK(steps(share.mounts).back()
        == "bind /bundle/rootfs -> /r/box/mounts/c1/rootfs (rw,rbind,private)");
  const auto why = refused(r, rootfs_kind::bind, {}, setting(false));
  CHECK(why.code == errc::failed_precondition);
  CHECK(why.message.find("shares no filesystem") != std::string::npos);
  r.rootfs.target.clear();
  CHECK(refused(r, rootfs_kind::bind).code == errc::invalid_argument);
}

TEST_CASE("names of the layout are no containers, whatever the kind") {
  auto r = request();
  r.container_id = "watchable";
  r.annotations = {{"io.kubernetes.cri.image-name", "i"}};
  CHECK(refused(r, rootfs_kind::forced_pull).code == errc::invalid_argument);
}

TEST_SUITE_END();
