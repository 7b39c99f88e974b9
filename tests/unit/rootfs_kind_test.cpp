// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/rootfs_kind.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

share_rootfs_request request(const std::string& type,
                             std::vector<std::string> options) {
  share_rootfs_request out;
  out.rootfs.type = type;
  out.rootfs.options = std::move(options);
  return out;
}

rootfs_kind kind(const share_rootfs_request& r) {
  return kind_of_rootfs(r, false, false);
}

const std::string volume = "io.katacontainers.volume=e30=";
const std::string layer = "io.katacontainers.fs-opt.layer=x";
const std::string erofs_lower
  = "lowerdir=/a:/var/lib/containerd/io.containerd.snapshotter.v1.erofs/1/fs";

} // namespace

TEST_SUITE_BEGIN("core/rootfs/rootfs_kind");

TEST_CASE("each condition alone makes its kind") {
  CHECK(kind_of_rootfs(request("", {}), true, false)
        == rootfs_kind::forced_pull);
  CHECK(kind(request("", {"ro", volume})) == rootfs_kind::virtual_volume);
  CHECK(kind(request("overlay", {erofs_lower})) == rootfs_kind::erofs);
  CHECK(
    kind(request("overlay", {"upperdir=/io.containerd.snapshotter.v1.erofs/2"}))
    == rootfs_kind::erofs);
  CHECK(kind(request("x", {layer})) == rootfs_kind::layers);
  auto block = request("", {});
  block.block.fstype = "xfs";
  CHECK(kind(block) == rootfs_kind::block_device);
  CHECK(kind(request("overlay", {"lowerdir=/a:/b"})) == rootfs_kind::bind);
}

TEST_CASE("nydus is known by its mount helper") {
  for (const char* type : {"fuse.nydus-overlayfs", "fuse.nydus-overlayfs-abc",
                           "fuse./usr/local/bin/nydus-overlayfs"})
    CHECK(kind(request(type, {})) == rootfs_kind::nydus);
  for (const char* type : {"nydus-overlayfs", "fuse.other/nydus", "fuse.",
                           "fuse./nydus-overlayfs/x"})
    CHECK(kind(request(type, {})) == rootfs_kind::bind);
}

TEST_CASE("of several conditions the first of Kata's order decides") {
  auto all = request("fuse.nydus-overlayfs", {volume, layer, erofs_lower});
  all.block.driver = "virtio-blk";
  CHECK(kind_of_rootfs(all, true, true) == rootfs_kind::forced_pull);
  CHECK(kind(all) == rootfs_kind::virtual_volume);
  all.rootfs.options = {layer, erofs_lower};
  CHECK(kind(all) == rootfs_kind::nydus);
  all.rootfs.type = "overlay";
  CHECK(kind(all) == rootfs_kind::erofs);
  all.rootfs.options = {layer};
  CHECK(kind(all) == rootfs_kind::layers);
  all.rootfs.options.clear();
  CHECK(kind(all) == rootfs_kind::block_device);
}

TEST_CASE("only an overlay can be of EROFS by its filesystem") {
  CHECK(kind_of_rootfs(request("overlay", {"lowerdir=/a"}), false, true)
        == rootfs_kind::erofs);
  CHECK(kind_of_rootfs(request("", {erofs_lower}), false, true)
        == rootfs_kind::bind);
}

TEST_CASE("an overlay that containerd is to complete is of EROFS by its "
          "devices") {
  auto r = request("format/mkdir/overlay", {"lowerdir={{ mount 1 }}"});
  CHECK(kind(r) == rootfs_kind::bind);
  r.devices = {{"/s/rwlayer.img", {}}};
  CHECK(kind(r) == rootfs_kind::bind);
  for (const char* path : {"/s/fsmeta.erofs", "/s/layer.erofs"}) {
    r.devices = {{path, {}}};
    CHECK(kind(r) == rootfs_kind::erofs);
    r.rootfs.type = "overlay";
    CHECK(kind(r) == rootfs_kind::erofs);
    r.rootfs.type = "format/overlay";
  }
  r.rootfs.type = "x";
  CHECK(kind(r) == rootfs_kind::bind);
}

TEST_CASE("the disk is looked at only where that decides") {
  const auto overlay
    = request("overlay", {"lowerdir=/a:/b:rel", "upperdir=/c", "ro"});
  CHECK(overlay_dirs(overlay, false)
        == std::vector<std::string>{"/a", "/b", "/c"});
  CHECK(overlay_dirs(overlay, true).empty());
  CHECK(overlay_dirs(request("overlay", {erofs_lower}), false).empty());
  CHECK(
    overlay_dirs(request("overlay", {"lowerdir=/a", volume}), false).empty());
  CHECK(overlay_dirs(request("bind", {"lowerdir=/a"}), false).empty());
  std::string many = "lowerdir=/a";
  for (int n = 0; n < 10000; ++n)
    many += ":/a";
  CHECK(overlay_dirs(request("overlay", {many}), false).size() == 501);
}

TEST_SUITE_END();
