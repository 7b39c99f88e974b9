// SPDX-License-Identifier: Apache-2.0
#include "tests/mounts/node_fixture.hpp"
#include "tests/support/base64_text.hpp"
#include "tests/support/nydusd_stand_in.hpp"
#include "tests/support/tree_text.hpp"

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

using namespace fsshare;
using namespace fsshare::test;

namespace {

using words = std::vector<std::string>;
using share_request = v1::ShareRootFilesystemRequest;

share_request request(const std::string& type = {}, const words& options = {}) {
  share_request out;
  out.set_sandbox_id("sb");
  out.set_container_id("c");
  auto& rootfs = *out.mutable_rootfs();
  rootfs.set_suffix("rootfs");
  rootfs.set_type(type);
  for (const auto& option : options)
    *rootfs.add_options() = option;
  return out;
}

share_request bind_of(const std::string& target) {
  auto out = request();
  out.mutable_rootfs()->set_target(target);
  return out;
}

share_request on_device(const std::string& driver, const std::string& fstype) {
  auto out = request();
  auto& block = *out.mutable_block();
  block.set_driver(driver);
  block.set_fstype(fstype);
  block.set_pci_path("01/02");
  return out;
}

share_request of_volume(const std::string& json) {
  auto out
    = request("overlay", {"io.katacontainers.volume=" + base64_text(json)});
  (*out.mutable_annotations())["io.kubernetes.cri.image-name"] = "web:1";
  return out;
}

share_request of_erofs() {
  auto out = request("overlay", {"lowerdir=/io.containerd.snapshotter.v1.erofs/"
                                 "1/fs"});
  auto& device = *out.add_devices();
  device.set_container_path("/s/1/layer.erofs");
  device.mutable_block()->set_driver("virtio-blk");
  device.mutable_block()->set_pci_path("02");
  return out;
}

share_request of_nydus(const std::string& snapshot_dir) {
  return request("fuse.nydus-overlayfs",
                 {"extraoption="
                  + base64_text(R"({"source":"/boot","config":"{}",)"
                                R"("snapshotdir":")"
                                + snapshot_dir + "\"}")});
}

std::vector<share_request> each_kind(const node_fixture& f) {
  return {bind_of(f.work / "rootfs"),
          on_device("virtio-blk", "xfs"),
          of_erofs(),
          request("overlay", {"io.katacontainers.fs-opt.layer=bGF5ZXI="}),
          of_volume(R"({"volume_type":"image_guest_pull"})"),
          of_nydus(f.work / "snapshot")};
}

/// What must be the same after a request that is refused or taken back.
struct world {
  explicit world(const node_fixture& f)
    : mounts(mount_table()), files(describe_tree(f.node.share_root())),
      sources(describe_tree(f.work.path())) {
  }
  friend bool operator==(const world&, const world&) = default;

  std::vector<mounted_entry> mounts;
  std::string files;
  std::string sources;
};

/// A request that is refused, how, and with which words.
struct refusal {
  share_request asked;
  errc code;
  std::string words;
};

std::vector<refusal> bad_requests(const node_fixture& f) {
  const auto volume = [](const std::string& rest) {
    return of_volume(R"({"volume_type":"image_guest_pull")" + rest + "}");
  };
  const auto plain = [](const std::string& option) {
    return request("fuse.nydus-overlayfs", {option});
  };
  std::vector<refusal> all{
    {bind_of(f.work / "missing"), errc::not_found,
     "open " + (f.work / "missing") + ": No such file or directory"},
    {request("overlay", words(10000, "ro")), errc::invalid_argument,
     "rootfs.options has 10000 entries"},
    {request("", {"io.katacontainers.volume=!"}), errc::invalid_argument,
     "no standard base64 with padding follows"},
    {of_volume("{"), errc::invalid_argument, "is not JSON"},
    {volume(R"(,"dm_verity":{"hashtype":"md5"})"), errc::invalid_argument,
     "dm_verity.hashtype 'md5' is none of sha256 and sha1"},
    {volume(R"(,"image_pull":{})"), errc::invalid_argument,
     "image_pull.metadata is not an object"},
    {plain("ro"), errc::invalid_argument, "no option begins with extraoption="},
    {plain("extraoption=!"), errc::invalid_argument,
     "no standard base64 with padding follows"},
    {of_nydus("/missing"), errc::not_found, "open /missing: No such file"},
    {on_device("virtio-9p", "xfs"), errc::invalid_argument,
     "unknown block device driver 'virtio-9p'"},
    {on_device("virtio-mmio", "xfs"), errc::invalid_argument,
     "virt_path '' is not a path below /dev"},
    {on_device("virtio-blk", ""), errc::invalid_argument,
     "block.fstype is empty"},
  };
  for (const auto* type : {"direct_block", "image_raw_block", "layer_raw_block",
                           "image_nydus_block", "layer_nydus_block",
                           "image_nydus_fs", "layer_nydus_fs"})
    all.push_back({of_volume(R"({"volume_type":")" + std::string{type} + "\"}"),
                   errc::unimplemented,
                   "of volume_type '" + std::string{type} + "'"});
  return all;
}

void check_refused(control_client& client, const refusal& bad) {
  const auto got = client.share_rootfs(bad.asked);
  REQUIRE_MESSAGE(!got, bad.words);
  const auto& sentence = got.err().message;
  CHECK_MESSAGE(got.err().code == bad.code, sentence);
  CHECK_MESSAGE(sentence.find(bad.words) != std::string::npos, sentence);
  CHECK_MESSAGE(sentence.find('\n') == std::string::npos, sentence);
}

} // namespace

TEST_SUITE_BEGIN("mounts: fsshared, root filesystems");

TEST_CASE("a root filesystem of each kind is shared and leaves nothing") {
  for_each_api([](node_fixture& f) {
    f.work.make_dir("snapshot/fs");
    const world empty{f};
    const auto socket = f.node.socket() + ".nydusd";
    const nydusd_stand_in nydusd{socket};
    control_client client{f.node.socket()};
    REQUIRE(client.prepare("sb", socket));
    const world before{f};
    std::size_t storages = 0;
    for (const auto& asked : each_kind(f)) {
      INFO(asked.ShortDebugString());
      const auto shared = client.share_rootfs(asked);
      REQUIRE_MESSAGE(shared, (shared ? "" : shared.err().message));
      storages += static_cast<std::size_t>(shared->container_storages_size());
      const auto again = client.share_rootfs(asked);
      REQUIRE(again);
      CHECK(again->SerializeAsString() == shared->SerializeAsString());
      CHECK(client.unshare_rootfs("sb", "c"));
      CHECK(client.unshare_rootfs("sb", "c"));
      CHECK(nydusd.mounted().empty());
      CHECK(world{f} == before);
    }
    CHECK(storages == 6);
    // All at once, and one call for everything.
    std::size_t container = 0;
    for (auto asked : each_kind(f)) {
      asked.set_container_id("c" + std::to_string(++container));
      REQUIRE(client.share_rootfs(asked));
    }
    CHECK(nydusd.mounted().size() == 1);
    const auto snapshot = f.node.share_root() + "/sb/shared/c6/snapshotdir";
    std::ofstream{snapshot + "/fs/written"} << "by the guest";
    CHECK(client.cleanup("sb"));
    CHECK(nydusd.mounted().empty());
    CHECK(read_file(f.work / "snapshot/fs/written") == "by the guest");
    std::filesystem::remove(f.work / "snapshot/fs/written");
    CHECK(world{f} == empty);
  });
}

TEST_CASE("whatever is wrong with a root filesystem is one sentence, and "
          "nothing is changed") {
  for_each_api([](node_fixture& f) {
    const auto socket = f.node.socket() + ".nydusd";
    nydusd_stand_in nydusd{socket};
    control_client client{f.node.socket()};
    REQUIRE(client.prepare("sb", socket));
    const world before{f};
    for (const auto& bad : bad_requests(f)) {
      check_refused(client, bad);
      CHECK(world{f} == before);
      CHECK(nydusd.mounted().empty());
    }
    f.work.make_dir("snapshot");
    const world ready{f};
    nydusd.fail_with(500, R"({"message":"bad bootstrap"})");
    check_refused(client,
                  {of_nydus(f.work / "snapshot"), errc::failed_precondition,
                   "nydusd answered 500: bad bootstrap"});
    nydusd.fail_with(0, {});
    nydusd.set_state("INIT");
    check_refused(client,
                  {of_nydus(f.work / "snapshot"), errc::unavailable, "INIT"});
    CHECK(world{f} == ready);
    nydusd.set_state("RUNNING");
    // The container is as free as it was.
    CHECK(client.share_rootfs(of_nydus(f.work / "snapshot")));
    CHECK(client.cleanup("sb"));
    CHECK(std::filesystem::is_empty(f.node.share_root()));
  });
}

TEST_CASE("a guest that shares no filesystem is given no directory to bind") {
  for_each_api([](node_fixture& f) {
    control_client client{f.node.socket()};
    v1::PrepareRequest copies;
    copies.set_sandbox_id("sb");
    copies.set_mode(v1::SHARING_MODE_COPY);
    copies.mutable_guest()->set_address("unix://" + (f.work / "guest.sock"));
    REQUIRE(client.call<v1::PrepareReply>("Prepare", copies));
    const world before{f};
    for (const auto& asked :
         {bind_of(f.work / "rootfs"), of_nydus(f.work / "rootfs")})
      check_refused(client, {asked, errc::failed_precondition,
                             "shares no filesystem with the host"});
    CHECK(world{f} == before);
    // What the guest makes by itself needs no directory.
    CHECK(client.share_rootfs(on_device("virtio-blk", "ext4")));
    CHECK(world{f} == before);
    CHECK(client.cleanup("sb"));
  });
}

TEST_CASE("the end of a container goes on after errors and tells all") {
  for_each_api([](node_fixture& f) {
    control_client client{f.node.socket()};
    REQUIRE(client.prepare("sb"));
    const world before{f};
    words written;
    for (const auto* destination : {"/a", "/b", "/c"}) {
      const auto shared
        = client.share("sb", "c", f.work / "source", destination, false);
      REQUIRE(shared);
      if (destination == std::string{"/b"})
        continue;
      // The mount is gone, and a container has written where it was.
      unmount_by_hand(shared->host_path() + "/inner");
      unmount_by_hand(shared->host_path());
      written.push_back(shared->host_path() + "/written");
      std::ofstream{written.back()} << "by a container";
    }
    REQUIRE(client.share_rootfs(bind_of(f.work / "rootfs")));
    const auto told = client.unshare_container("sb", "c");
    REQUIRE(!told);
    CHECK(told.err().code == errc::failed_precondition);
    for (const auto& path : written) {
      const auto dir = std::filesystem::path{path}.parent_path().string();
      CHECK_MESSAGE(told.err().message.find(dir + " (") != std::string::npos,
                    told.err().message);
      CHECK(read_file(path) == "by a container");
    }
    CHECK(mount_table() == before.mounts);
    CHECK_FALSE(exists(f.node.share_root() + "/sb/mounts/c"));
    for (const auto& path : written)
      std::filesystem::remove(path);
    CHECK(client.unshare_container("sb", "c"));
    CHECK(client.unshare_container("sb", "c"));
    CHECK(world{f} == before);
    CHECK(client.cleanup("sb"));
  });
}

TEST_SUITE_END();
