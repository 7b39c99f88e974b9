// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_shape.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

const std::string ordinary_uid = "0f5c7e1a-3b6d-4a8e-9c21-d4e5f6a7b8c9";

std::string volume_below(const std::string& root, const std::string& uid,
                         const std::string& plugin) {
  return root + "/pods/" + uid + "/volumes/" + plugin + "/name";
}

} // namespace

TEST_SUITE_BEGIN("core/volume/volume_shape");

TEST_CASE("the names that the AtomicWriter gives are generations") {
  CHECK(is_generation_name("..2026_01_02_03_04_05.123456789"));
  CHECK(is_generation_name("..2026_01_02_03_04_05.1"));
}

TEST_CASE("names that only resemble a generation's are none") {
  for (const auto* name :
       {"", "..", "..data", "..data_tmp", "..2026_01_02_03_04_05",
        "..2026_01_02_03_04_05.", "..2026_01_02_03_04_05.12x",
        ".2026_01_02_03_04_05.123", "..2026_1_02_03_04_05.1234",
        "..2026_01_02_03_04_05x123", "..2026-01-02-03-04-05.123",
        "a..2026_01_02_03_04_05.123", "..2026_01_02_03_04_05.1/k",
        "..2026_01_02_03_04_05.123.1"}) {
    CAPTURE(name);
    CHECK_FALSE(is_generation_name(name));
  }
}

TEST_CASE("each kind of volume is told by its plugin's directory") {
  const auto volumes = volume_matcher::structural();
  const auto kind = [&](const std::string& plugin) {
    return volumes.kind_of(
      volume_below("/var/lib/kubelet", ordinary_uid, plugin));
  };
  CHECK(kind("kubernetes.io~configmap") == volume_kind::configmap);
  CHECK(kind("kubernetes.io~secret") == volume_kind::secret);
  CHECK(kind("kubernetes.io~projected") == volume_kind::projected);
  CHECK(kind("kubernetes.io~downward-api") == volume_kind::downward_api);
  CHECK_FALSE(kind("kubernetes.io~empty-dir"));
  CHECK_FALSE(kind("kubernetes.io~csi"));
  CHECK_FALSE(kind("kubernetes.io~configmaps"));
  CHECK_FALSE(kind("kubernetes.io~"));
  CHECK_FALSE(kind("configmap"));
}

TEST_CASE("by structure a volume may lie below any root and any pod's UID") {
  const auto volumes = volume_matcher::structural();
  for (const auto* root :
       {"", "/var/lib/kubelet", "/data/lib/k0s.kubelet", "/var/lib/kubelet[1]"})
    for (const auto& uid :
         {ordinary_uid, std::string{"d41d8cd98f00b204e9800998ecf8427e"}}) {
      CAPTURE(root);
      CAPTURE(uid);
      CHECK(volumes.kind_of(volume_below(root, uid, "kubernetes.io~secret")));
    }
}

TEST_CASE("what lies beside, above or below a volume is none") {
  const auto volumes = volume_matcher::structural();
  const auto root = volume_below("/k", ordinary_uid, "kubernetes.io~secret");
  REQUIRE(volumes.kind_of(root));
  CHECK_FALSE(volumes.kind_of(root + "/..data"));
  CHECK_FALSE(volumes.kind_of(root + "/"));
  CHECK_FALSE(volumes.kind_of(root.substr(1)));
  CHECK_FALSE(volumes.kind_of(""));
  CHECK_FALSE(volumes.kind_of("/"));
  CHECK_FALSE(volumes.kind_of("/k/pods/u/volumes/kubernetes.io~secret"));
  CHECK_FALSE(volumes.kind_of("/k/pod/u/volumes/kubernetes.io~secret/n"));
  CHECK_FALSE(volumes.kind_of("/pods/volumes/kubernetes.io~secret/n"));
  CHECK_FALSE(
    volumes.kind_of("/k/pods/u/volume-subpaths/kubernetes.io~secret/n"));
  CHECK_FALSE(volumes.kind_of("/k/pods/u/volumes/kubernetes.io~secret/n/0"));
}

TEST_CASE("the strict mode takes configured roots and ordinary UIDs only") {
  const auto volumes
    = volume_matcher::kubelet_root({"/var/lib/kubelet", "/k0s.kubelet"});
  const auto kind = [&](const std::string& root, const std::string& uid) {
    return volumes.kind_of(volume_below(root, uid, "kubernetes.io~projected"));
  };
  CHECK(kind("/var/lib/kubelet", ordinary_uid) == volume_kind::projected);
  CHECK(kind("/k0s.kubelet", ordinary_uid) == volume_kind::projected);
  // The root is no pattern.
  CHECK_FALSE(kind("/k0sXkubelet", ordinary_uid));
  CHECK_FALSE(kind("/data/var/lib/kubelet", ordinary_uid));
  CHECK_FALSE(kind("/var/lib/kubelet/x", ordinary_uid));
  CHECK_FALSE(kind("/var/lib/kubelet", "d41d8cd98f00b204e9800998ecf8427e"));
  CHECK_FALSE(kind("/var/lib/kubelet", ordinary_uid.substr(1) + "g"));
  CHECK_FALSE(kind("/var/lib/kubelet", ordinary_uid + "0"));
}

TEST_CASE("volumes of CSI drivers are taken one directory further down, where "
          "asked for") {
  const auto path = volume_below("/k", ordinary_uid, "kubernetes.io~csi");
  const auto csi = csi_volumes::follow;
  for (const auto& volumes : {volume_matcher::structural(csi),
                              volume_matcher::kubelet_root({"/k"}, csi)}) {
    CHECK(volumes.kind_of(path + "/mount") == volume_kind::csi);
    CHECK_FALSE(volumes.kind_of(path));
    CHECK_FALSE(volumes.kind_of(path + "/mount/mount"));
    CHECK_FALSE(volumes.kind_of(path + "/globalmount"));
    CHECK(volumes.kind_of(
      volume_below("/k", ordinary_uid, "kubernetes.io~secret")));
  }
  CHECK_FALSE(volume_matcher::structural().kind_of(path + "/mount"));
}

TEST_CASE("a path in a pod's volume has its plugin") {
  const auto path = volume_below("/k", ordinary_uid, "kubernetes.io~secret");
  CHECK(plugin_of(path) == "secret");
  CHECK(plugin_of(path + "/..data/key") == "secret");
  CHECK(plugin_of(volume_below("", "u", "kubernetes.io~empty-dir"))
        == "empty-dir");
  CHECK(plugin_of(volume_below("/k", "u", "kubernetes.io~csi") + "/mount")
        == "csi");
  for (const auto* none :
       {"", "/", "/k/pods/u/volumes/kubernetes.io~secret",
        "/k/pods/u/volumes/kubernetes.io~secret/", "/k/pods/u/volumes/secret/n",
        "/k/pods//volumes/kubernetes.io~secret/n",
        "/k/pods/u/plugins/kubernetes.io~secret/n",
        "/k/pods/u/volume-subpaths/n/c/0"}) {
    CAPTURE(none);
    CHECK(plugin_of(none).empty());
  }
}

TEST_CASE("what lies in an image that is mounted for a volume is told by the "
          "paths of containerd and containers-storage") {
  const std::string sandbox(64, 'a');
  const std::string image(64, '0');
  const auto containerd = "/run/containerd/io.containerd.grpc.v1.cri/"
                          "image-volumes/"
                          + sandbox + "/";
  const auto below = sandbox + "/" + image;
  const auto layer = "/var/lib/containers/storage/overlay/" + image;
  for (const auto& path :
       {containerd + image, containerd + image + "/sub/dir",
        containerd + std::string(128, 'f'), "/state/image-volumes/" + below,
        layer + "/merged", layer + "/merged/etc"}) {
    CAPTURE(path);
    CHECK(is_in_image_volume(path));
  }
  for (const auto& path :
       {std::string{}, std::string{"/"}, containerd, containerd + "x",
        containerd + std::string(63, '0'), containerd + std::string(64, 'F'),
        "/run/images/" + below, "/image-volumes/short/" + image, layer,
        layer + "/diff", "/overlay/" + image + "/diff/merged",
        std::string{"/overlay/x/merged"}, "/vfs/" + image + "/merged"}) {
    CAPTURE(path);
    CHECK_FALSE(is_in_image_volume(path));
  }
}

TEST_CASE("the source of a subPath mount names its volume") {
  for (const auto* path : {"/k/pods/u/volume-subpaths/certs/web/0",
                           "/k/pods/u/volume-subpaths/certs/web/0/deeper"}) {
    const auto found = subpath_volume_of(path);
    REQUIRE(found);
    CHECK(found->volumes_dir == "/k/pods/u/volumes");
    CHECK(found->name == "certs");
  }
  for (const auto* none :
       {"", "/", "/k/pods/u/volume-subpaths", "/k/pods/u/volume-subpaths/certs",
        "/k/pods/u/volume-subpaths/certs/web", "/k/u/volume-subpaths/certs/w/0",
        "/k/pods/u/volumes/kubernetes.io~secret/certs"}) {
    CAPTURE(none);
    CHECK_FALSE(subpath_volume_of(none));
  }
}

TEST_CASE("the strict mode without roots knows no volume") {
  const auto volumes = volume_matcher::kubelet_root({});
  CHECK_FALSE(volumes.kind_of(
    volume_below("/var/lib/kubelet", ordinary_uid, "kubernetes.io~secret")));
}

TEST_CASE("the kubelet's root is what is above the pods of a volume's path") {
  CHECK(
    kubelet_root_of("/var/lib/kubelet/pods/u/volumes/kubernetes.io~secret/n")
    == "/var/lib/kubelet");
  CHECK(kubelet_root_of("/k/pods/u/volumes/kubernetes.io~csi/n/mount/f")
        == "/k");
  CHECK(kubelet_root_of("/k/pods/u/volumes/kubernetes.io~secret").empty());
  CHECK(kubelet_root_of("/etc").empty());
}

TEST_SUITE_END();
