// SPDX-License-Identifier: Apache-2.0
#include "core/api/share_request.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/api/share_request");

namespace {

prepare_request good_prepare() {
  prepare_request request;
  request.sandbox_id = "sb-1";
  request.mode = sharing_mode::copy;
  request.guest_address = "unix:///run/guest.sock";
  return request;
}

share_file_request good_share() {
  return {"sb-1", "c1", {"/a/b", "/etc/b", "bind", {"rbind"}, true}};
}

share_rootfs_request good_rootfs() {
  share_rootfs_request request;
  request.sandbox_id = "sb-1";
  request.container_id = "c1";
  request.rootfs = {"/bundle/rootfs", "overlay", {"ro"}, "rootfs", "overlay"};
  return request;
}

template <class Request>
void check_refused(const Request& request, const std::string& named) {
  const auto outcome = checked(request);
  REQUIRE_MESSAGE(!outcome, named);
  CHECK(outcome.err().code == errc::invalid_argument);
  CHECK_MESSAGE(outcome.err().message.find(named) != std::string::npos,
                outcome.err().message);
}

const std::vector<std::string> bad_ids{
  "", ".", "..", "a/b", "-a", "a b", std::string(129, 'a')};

const std::vector<std::string> bad_paths{
  "", "a", "./a", "/a/../b", "/..", std::string("/a\0b", 4)};

} // namespace

TEST_CASE("a place for emptyDirs of the guest's own is a path, and of a guest "
          "that gets copies") {
  auto prepare = good_prepare();
  prepare.local_dir = "/l//local/";
  CHECK(checked(prepare)->local_dir == "/l/local");
  for (const auto& path : bad_paths) {
    prepare.local_dir = path;
    if (!path.empty())
      check_refused(prepare, "local_dir");
  }
  prepare.local_dir = "/l";
  prepare.mode = sharing_mode::shared_filesystem;
  check_refused(prepare, "local_dir");
}

TEST_CASE("good requests are accepted and keep what they say") {
  CHECK(*checked(good_prepare()) == good_prepare());
  CHECK(*checked(good_share()) == good_share());
  CHECK(*checked(good_rootfs()) == good_rootfs());
  CHECK(checked(cleanup_request{"sb-1"}));
  CHECK(checked(unshare_file_request{"sb-1", "c1", "/etc/b", ""}));
  CHECK(checked(unshare_file_request{"sb-1", "", "", "share-1"}));
  CHECK(checked(unshare_container_request{"sb-1", "c1"}));
  CHECK(checked(unshare_rootfs_request{"sb-1", "c1"}));
  CHECK(checked(start_watcher_request{"sb-1"}));
  CHECK(checked(stop_watcher_request{"sb-1"}));
  CHECK(checked(get_sandbox_request{"sb-1"}));
}

TEST_CASE("paths come back in normal form") {
  auto share = good_share();
  share.mount.source = "//a/b//";
  share.mount.destination = "/etc/./b/";
  CHECK(*checked(share) == good_share());
}

TEST_CASE("only the lists take an empty sandbox id") {
  CHECK(checked(list_sandboxes_request{}));
  CHECK(checked(list_volumes_request{}));
  check_refused(list_sandboxes_request{".."}, "sandbox_id");
  check_refused(list_volumes_request{".."}, "sandbox_id");
  for (const auto& id : bad_ids) {
    auto prepare = good_prepare();
    prepare.sandbox_id = id;
    check_refused(prepare, "sandbox_id");
    auto share = good_share();
    share.sandbox_id = id;
    check_refused(share, "sandbox_id");
    auto rootfs = good_rootfs();
    rootfs.sandbox_id = id;
    check_refused(rootfs, "sandbox_id");
    check_refused(cleanup_request{id}, "sandbox_id");
    check_refused(unshare_file_request{id, "c1", "/a", ""}, "sandbox_id");
    check_refused(unshare_container_request{id, "c1"}, "sandbox_id");
    check_refused(unshare_rootfs_request{id, "c1"}, "sandbox_id");
    check_refused(start_watcher_request{id}, "sandbox_id");
    check_refused(stop_watcher_request{id}, "sandbox_id");
    check_refused(get_sandbox_request{id}, "sandbox_id");
  }
}

TEST_CASE("container ids that lead elsewhere are refused") {
  for (const auto& id : bad_ids) {
    auto share = good_share();
    share.container_id = id;
    check_refused(share, "container_id");
    auto rootfs = good_rootfs();
    rootfs.container_id = id;
    check_refused(rootfs, "container_id");
    check_refused(unshare_file_request{"sb-1", id, "/a", ""}, "container_id");
    check_refused(unshare_container_request{"sb-1", id}, "container_id");
    check_refused(unshare_rootfs_request{"sb-1", id}, "container_id");
  }
}

TEST_CASE("paths that are relative or climb are refused") {
  for (const auto& path : bad_paths) {
    auto share = good_share();
    share.mount.source = path;
    check_refused(share, "mount.source");
    share = good_share();
    share.mount.destination = path;
    check_refused(share, "mount.destination");
    auto rootfs = good_rootfs();
    rootfs.rootfs.target = path;
    // Only some kinds need a target.
    if (!path.empty())
      check_refused(rootfs, "rootfs.target");
    auto prepare = good_prepare();
    prepare.mode = sharing_mode::shared_filesystem;
    prepare.mount_namespace.path = path;
    if (!path.empty())
      check_refused(prepare, "mount_namespace");
    prepare = good_prepare();
    prepare.kubelet_roots = {"/var/lib/kubelet", path};
    check_refused(prepare, "kubelet_roots");
    prepare = good_prepare();
    prepare.sandbox_binds = {{path, true}};
    check_refused(prepare, "sandbox_binds.source");
    if (path.empty())
      continue;
    prepare = good_prepare();
    prepare.guest_share_dir = path;
    check_refused(prepare, "guest.share_dir");
    check_refused(unshare_file_request{"sb-1", "c1", path, ""}, "destination");
  }
}

TEST_CASE("a mode must be one of the two") {
  auto request = good_prepare();
  request.mode = sharing_mode::unspecified;
  check_refused(request, "mode");
  request.mode = static_cast<sharing_mode>(3);
  check_refused(request, "mode");
}

TEST_CASE("an address must be one that can be dialled, and may come later") {
  auto request = good_prepare();
  for (const char* address : {"/run/x", "tcp://a:1", "unix://rel",
                              "vsock://-1:1024", "hvsock:///a"}) {
    request.guest_address = address;
    check_refused(request, "address");
  }
  request.guest_address = "unix:///" + std::string(200, 'a');
  check_refused(request, "guest.address");
  request.guest_address = "vsock://3:1024";
  CHECK(checked(request));
  request.guest_address = "";
  CHECK(checked(request));
  request.mode = sharing_mode::shared_filesystem;
  CHECK(checked(request));
  request.guest_address = "garbage";
  check_refused(request, "address");
  CHECK(
    checked(set_guest_request{"sb-1", "vsock://3:1024", "/g/"})->guest_share_dir
    == "/g");
  CHECK(checked(set_guest_request{"sb-1"}));
  check_refused(set_guest_request{"../x"}, "sandbox_id");
  check_refused(set_guest_request{"sb-1", "garbage"}, "address");
  check_refused(set_guest_request{"sb-1", {}, "g"}, "guest.share_dir");
}

TEST_CASE("of a guest memory is no negative number, and its policy is known") {
  auto request = good_prepare();
  request.guest_memory_bytes = static_cast<std::uint64_t>(-1);
  check_refused(request, "guest.memory_bytes is negative");
  check_refused(set_guest_request{"sb-1", {}, {}, request.guest_memory_bytes},
                "guest.memory_bytes is negative");
  request.guest_memory_bytes = static_cast<std::uint64_t>(INT64_MAX);
  CHECK(checked(request));
  request.policy = guest_policy{3};
  check_refused(request, "guest.policy");
  check_refused(set_guest_request{"sb-1", {}, {}, 0, guest_policy{UINT8_MAX}},
                "guest.policy");
  request.policy = guest_policy::set;
  CHECK(checked(request));
}

TEST_CASE("labels and names are short text of known form") {
  auto request = good_prepare();
  request.labels = {{"io.kubernetes.pod.name", "web-0"},
                    {"k8s.io/uid", ""},
                    {std::string(63, 'a'), std::string(253, 'x')}};
  CHECK(checked(request));
  for (const auto& name :
       {std::string{}, std::string{".a"}, std::string{"a b"},
        std::string{"a=b"}, std::string{"a\n"}, std::string(64, 'a')}) {
    request.labels = {{name, "x"}};
    check_refused(request, "labels: a name");
  }
  for (const auto& value : {std::string(254, 'x'), std::string{"a\nb"},
                            std::string{"\x1b[31m"}, std::string{"\xc2\x85"}}) {
    request.labels = {{"pod", value}};
    check_refused(request, "labels['pod']");
  }
  // Nothing of what is too long is repeated.
  request.labels = {{"pod", std::string(std::size_t{1} << 20, 'x')}};
  CHECK(checked(request).err().message.size() < 200);
  request.labels = {{std::string(std::size_t{1} << 20, 'x'), "a"}};
  CHECK(checked(request).err().message.size() < 200);
  request.labels.clear();
  for (int n = 0; n < 16; ++n)
    request.labels["l" + std::to_string(n)] = "x";
  CHECK(checked(request));
  request.labels["one-more"] = "x";
  check_refused(request, "labels has 17 entries");
  request.labels = {{"a", std::string(253, 'x')},
                    {"b", std::string(253, 'x')},
                    {"c", std::string(253, 'x')},
                    {"d", std::string(253, 'x')}};
  CHECK(checked(request));
  request.labels["e"] = "0123456";
  CHECK(checked(request));
  request.labels["e"] = "01234567";
  check_refused(request, "1025 bytes in all");
}

TEST_CASE("what a container is called is short text") {
  share_file_request file{"sb-1", "c1", {"/a", "/b", "", {}, false}, "web"};
  share_rootfs_request rootfs;
  rootfs.sandbox_id = "sb-1";
  rootfs.container_id = "c1";
  CHECK(checked(file));
  for (const auto& name : {std::string(254, 'x'), std::string{"a\tb"}}) {
    file.container_name = rootfs.container_name = name;
    check_refused(file, "container_name");
    check_refused(rootfs, "container_name");
  }
}

TEST_CASE("sandbox binds are refused where the guest gets copies") {
  auto request = good_prepare();
  request.mode = sharing_mode::copy;
  request.sandbox_binds = {{"/a", false}};
  check_refused(request, "sandbox_binds: a guest that gets copies");
  request.sandbox_binds.clear();
  CHECK(checked(request));
}

TEST_CASE("sandbox binds need base names of their own") {
  auto request = good_prepare();
  request.mode = sharing_mode::shared_filesystem;
  request.sandbox_binds = {{"/a/x", true}, {"/b/y", false}};
  CHECK(checked(request));
  request.sandbox_binds = {{"/a/x", true}, {"/b/x/", false}};
  check_refused(request, "/b/x");
  request.sandbox_binds = {{"/", true}};
  check_refused(request, "base name");
}

TEST_CASE("a share has one name: its id or its key") {
  check_refused(unshare_file_request{"sb-1", "c1", "/a", "share-1"}, "both");
  check_refused(unshare_file_request{"sb-1", "", "", ""}, "container_id");
  check_refused(unshare_file_request{"sb-1", "", "", "../x"}, "share_id");
}

TEST_CASE("the root filesystem is no file share") {
  auto request = good_share();
  request.mount.destination = "/";
  check_refused(request, "mount.destination");
}

TEST_CASE("words with NUL bytes are refused") {
  auto share = good_share();
  share.mount.options.emplace_back("a\0b", 3);
  check_refused(share, "mount.options");
  auto rootfs = good_rootfs();
  rootfs.rootfs.type = std::string("a\0b", 3);
  check_refused(rootfs, "rootfs.type");
  rootfs = good_rootfs();
  rootfs.rootfs.suffix = "../up";
  check_refused(rootfs, "rootfs.suffix");
}

TEST_CASE("words and lists of directories have limits") {
  auto share = good_share();
  share.mount.type.assign(4097, 't');
  check_refused(share, "mount.type has 4097 bytes; at most 4096 are taken");
  share = good_share();
  share.mount.options = {std::string(262'145, 'o')};
  check_refused(share, "mount.options has 262145 bytes");
  share.mount.options = {std::string(262'144, 'o')};
  CHECK(checked(share));
  share.mount.source = "/" + std::string(5'000'000, 'a');
  check_refused(share, "has more than 4095 bytes");
  auto prepare = good_prepare();
  prepare.kubelet_roots.assign(257, "/k");
  check_refused(prepare, "kubelet_roots has 257 entries; at most 256");
  prepare.kubelet_roots.clear();
  prepare.sandbox_binds.assign(257, {"/b", false});
  check_refused(prepare, "sandbox_binds has 257 entries; at most 256");
}

TEST_CASE("lists are at most 1024 entries long") {
  auto share = good_share();
  share.mount.options.assign(10000, "ro");
  check_refused(share, "mount.options has 10000 entries");
  auto rootfs = good_rootfs();
  rootfs.rootfs.options.assign(1024, "x");
  CHECK(checked(rootfs));
  rootfs.rootfs.options.assign(1025, "x");
  check_refused(rootfs, "rootfs.options has 1025 entries");
  rootfs = good_rootfs();
  rootfs.devices.assign(1025, {"/d", {}});
  check_refused(rootfs, "devices has 1025 entries");
  rootfs = good_rootfs();
  for (int n = 0; n < 1025; ++n)
    rootfs.annotations[std::to_string(n)] = "v";
  check_refused(rootfs, "annotations has 1025 entries");
}

TEST_CASE("all parts of a root filesystem are checked") {
  auto rootfs = good_rootfs();
  rootfs.rootfs.target.clear();
  CHECK(checked(rootfs));
  rootfs.devices = {{"layer.erofs", {}}};
  check_refused(rootfs, "devices.container_path");
  rootfs.devices = {{"/layer.erofs", {}}};
  CHECK(checked(rootfs));
  rootfs.devices[0].block.pci_path = std::string("0\0", 2);
  check_refused(rootfs, "devices.block.pci_path");
  rootfs = good_rootfs();
  rootfs.block.driver = std::string("a\0b", 3);
  check_refused(rootfs, "block.driver");
  rootfs = good_rootfs();
  rootfs.annotations["k"] = std::string("\0", 1);
  check_refused(rootfs, "annotations");
}

TEST_CASE("the socket of nydusd is a path that a socket can have") {
  auto request = good_prepare();
  request.nydusd_socket = "/run//nydusd.sock";
  const auto accepted = checked(request);
  REQUIRE(accepted);
  CHECK(accepted->nydusd_socket == "/run/nydusd.sock");
  request.nydusd_socket = "nydusd.sock";
  check_refused(request, "nydusd_socket");
  request.nydusd_socket = "/" + std::string(107, 'x');
  check_refused(request, "nydusd_socket has more than 107 bytes");
}

TEST_SUITE_END();
