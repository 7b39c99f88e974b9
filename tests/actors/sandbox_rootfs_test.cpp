// SPDX-License-Identifier: Apache-2.0
#include "actors/mounter.hpp"
#include "actors/reader_pool.hpp"
#include "actors/sandbox.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/base64_text.hpp"
#include "tests/support/fake_mounts.hpp"
#include "tests/support/in_place_runner.hpp"

#include <algorithm>
#include <memory>
#include <optional>

using namespace fsshare;

namespace {

/// What NYDUS was asked and what it answers.
struct nydus_script {
  std::vector<std::string> asked;
  std::optional<error> refuse_mount;
  std::optional<error> refuse_unmount;
};

/// A NYDUS that does as its script says.
struct fake_nydus_state {
  using handle = nydus_actor;
  static constexpr const char* name = "fake-nydus";

  fake_nydus_state(handle::pointer, std::shared_ptr<nydus_script> s)
    : script(std::move(s)) {
  }
  handle::behavior_type make_behavior() {
    return {
      [this](const mount_rafs& msg) -> caf::result<rafs_mounted> {
        script->asked.push_back("mount " + msg.mount.mountpoint + " "
                                + msg.mount.source);
        if (script->refuse_mount)
          return to_caf(*script->refuse_mount);
        return rafs_mounted{};
      },
      [this](const unmount_rafs& msg) {
        rafs_unmounted reply;
        for (const auto& mountpoint : msg.mountpoints) {
          script->asked.push_back("unmount " + mountpoint);
          if (script->refuse_unmount)
            reply.left.push_back({mountpoint, *script->refuse_unmount});
        }
        return reply;
      },
    };
  }
  std::shared_ptr<nydus_script> script;
};

struct fixture : test::actor_fixture {
  std::shared_ptr<test::fake_mounts> mounts
    = std::make_shared<test::fake_mounts>();
  std::shared_ptr<nydus_script> nydusd = std::make_shared<nydus_script>();
  std::shared_ptr<test::in_place_runner> readers
    = std::make_shared<test::in_place_runner>();
  sandbox_actor aut = make();

  sandbox_actor make() {
    sandbox_neighbours with;
    with.mounter = spawn<mounter>(mounts);
    with.reader = spawn<reader_pool>(reader_pool_options{}, readers,
                                     read_queue::settings{});
    with.nonce = [] {
      return std::uint64_t{1};
    };
    with.make_nydus = [this](const std::string& socket) {
      nydusd->asked.push_back("dial " + socket);
      return spawn<state_actor<fake_nydus_state>>(nydusd);
    };
    return spawn<state_actor<sandbox_state>>(
      sandbox_options{"box", "/r", "/g/containers", submounts::take}, with);
  }

  void prepare() {
    prepare_request request;
    request.sandbox_id = "box";
    request.mode = sharing_mode::shared_filesystem;
    request.nydusd_socket = "/n.sock";
    REQUIRE(ask<prepare_reply>(aut, request));
    mounts->tried.clear();
  }
  result<share_rootfs_reply> share(const share_rootfs_request& request) {
    return ask<share_rootfs_reply>(aut, request);
  }
  result<unshare_rootfs_reply> unshare() {
    return ask<unshare_rootfs_reply>(aut, unshare_rootfs_request{"box", "c1"});
  }
  result<cleanup_reply> cleanup() {
    return ask<cleanup_reply>(aut, cleanup_request{"box"});
  }
};

share_rootfs_request request() {
  share_rootfs_request out;
  out.sandbox_id = "box";
  out.container_id = "c1";
  out.rootfs.suffix = "rootfs";
  return out;
}

share_rootfs_request nydus_request() {
  auto out = request();
  out.rootfs.type = "fuse.nydus-overlayfs";
  out.rootfs.options
    = {"extraoption="
       + test::base64_text(
         R"({"source":"/boot","config":"{}","snapshotdir":"/snap"})")};
  return out;
}

const std::string mounted = "mount /rafs/c1/lowerdir /boot";
const std::string unmounted = "unmount /rafs/c1/lowerdir";
const std::string bind
  = "bind /snap -> /r/box/mounts/c1/snapshotdir (rw,rbind,slave)";

using words = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("actors/sandbox_rootfs");

TEST_CASE_FIXTURE(fixture, "a nydus image is mounted before its snapshot") {
  prepare();
  const auto shared = share(nydus_request());
  REQUIRE(shared);
  CHECK(shared->guest_path == "/g/containers/c1/rootfs");
  CHECK(shared->container_storages.size() == 1);
  CHECK(nydusd->asked == words{"dial /n.sock", mounted});
  CHECK(mounts->tried.back() == bind);
  // The same again is answered from memory.
  CHECK(share(nydus_request()));
  CHECK(nydusd->asked.size() == 2);
  mounts->tried.clear();
  CHECK(unshare());
  CHECK(nydusd->asked.back() == unmounted);
  CHECK(mounts->tried.front() == "unmount /r/box/mounts/c1/snapshotdir");
  CHECK(unshare());
  CHECK(nydusd->asked.size() == 3);
}

TEST_CASE_FIXTURE(fixture, "a failed bind takes the nydus image back") {
  prepare();
  mounts->answers.emplace(bind, error{errc::not_found, "gone"});
  const auto refused = share(nydus_request());
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::not_found);
  CHECK(refused.err().message.find("root filesystem of container 'c1'")
        != std::string::npos);
  CHECK(nydusd->asked == words{"dial /n.sock", mounted, unmounted});
  // Nothing is left of it.
  mounts->answers.clear();
  CHECK(share(nydus_request()));
}

TEST_CASE_FIXTURE(fixture, "a refused image mounts nothing on the host") {
  prepare();
  nydusd->refuse_mount = error{errc::deadline_exceeded, "no answer"};
  const auto refused = share(nydus_request());
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::deadline_exceeded);
  CHECK(mounts->tried.empty());
  // NYDUS may not have been able to undo it.
  CHECK(cleanup());
  CHECK(nydusd->asked == words{"dial /n.sock", mounted, unmounted});
}

TEST_CASE_FIXTURE(fixture, "an image that stays is reported and tried again") {
  prepare();
  REQUIRE(share(nydus_request()));
  nydusd->refuse_unmount = error{errc::internal, "busy"};
  mounts->tried.clear();
  auto refused = unshare();
  REQUIRE(!refused);
  CHECK(refused.err().message == "busy");
  // The mounts went nevertheless.
  CHECK(mounts->tried.back() == "remove directory /r/box/mounts/c1");
  nydusd->refuse_unmount.reset();
  CHECK(unshare());
  CHECK(share(nydus_request()));
}

TEST_CASE_FIXTURE(fixture, "Cleanup ends images and goes on after errors") {
  prepare();
  REQUIRE(share(nydus_request()));
  nydusd->refuse_unmount = error{errc::internal, "busy"};
  mounts->tried.clear();
  const auto refused = cleanup();
  REQUIRE(!refused);
  CHECK(refused.err().message == "busy");
  CHECK(mounts->tried.back().starts_with("remove sandbox directory"));
  nydusd->refuse_unmount.reset();
  CHECK(cleanup());
  CHECK(nydusd->asked == words{"dial /n.sock", mounted, unmounted, unmounted});
}

TEST_CASE_FIXTURE(fixture, "Cleanup overtakes a share under every schedule") {
  test::for_each_seed(200, [](test::chooser& choose) {
    fixture f;
    f.prepare();
    auto sharing = f.request(f.aut, nydus_request());
    for (auto n = choose.pick(12); n > 0; --n)
      f.step(choose.pick(f.ready()));
    const bool unshares = choose.one_in(2);
    if (unshares)
      tell(f.aut, unshare_rootfs_request{"box", "c1"});
    tell(f.aut, cleanup_request{"box"});
    f.run(choose);
    // Whatever came first, what was mounted was unmounted.
    const auto count = [&](const std::string& call) {
      return std::count(f.nydusd->asked.begin(), f.nydusd->asked.end(), call);
    };
    CHECK(count(unmounted) >= count(mounted));
    CHECK(count(mounted) <= 1);
    CHECK(f.answer<share_rootfs_reply>(sharing));
  });
}

TEST_CASE_FIXTURE(fixture, "unsharing stops a share that runs") {
  prepare();
  auto sharing = this->request(aut, nydus_request());
  while (nydusd->asked.empty())
    REQUIRE(step());
  auto second = this->request(aut, unshare_rootfs_request{"box", "c1"});
  run();
  const auto refused = answer<share_rootfs_reply>(sharing);
  REQUIRE(refused);
  REQUIRE(!*refused);
  CHECK(refused->err().code == errc::aborted);
  const auto ended = answer<unshare_rootfs_reply>(second);
  REQUIRE(ended);
  CHECK(*ended);
  CHECK(nydusd->asked == words{"dial /n.sock", mounted, unmounted});
}

TEST_CASE_FIXTURE(fixture, "a share whose source hangs ends at once, and makes "
                           "nothing when that comes back") {
  prepare();
  readers->hold = true;
  auto sharing = this->request(aut, nydus_request());
  run();
  auto ending = this->request(aut, unshare_rootfs_request{"box", "c1"});
  run();
  const auto refused = answer<share_rootfs_reply>(sharing);
  REQUIRE(refused);
  REQUIRE_FALSE(*refused);
  CHECK(refused->err().code == errc::aborted);
  const auto ended = answer<unshare_rootfs_reply>(ending);
  REQUIRE(ended);
  CHECK(*ended);
  // Another of its name is not taken for it.
  auto again = this->request(aut, nydus_request());
  run();
  readers->release();
  run();
  CHECK_FALSE(answer<share_rootfs_reply>(again));
  CHECK(mounts->tried.empty());
  CHECK(nydusd->asked.empty());
  CHECK(cleanup());
  CHECK(answer<share_rootfs_reply>(again));
  while (!readers->held.empty())
    readers->release();
  run();
  CHECK(std::none_of(mounts->tried.begin(), mounts->tried.end(),
                     [](const std::string& step) {
                       return step.starts_with("bind ");
                     }));
}

TEST_CASE_FIXTURE(fixture, "another request for a container is refused") {
  prepare();
  auto pull = ::request();
  pull.annotations = {{"io.kubernetes.cri.image-name", "i"}};
  pull.rootfs.options
    = {"io.katacontainers.volume="
       + test::base64_text(R"({"volume_type":"image_guest_pull"})")};
  const auto shared = share(pull);
  REQUIRE(shared);
  CHECK(shared->container_storages.at(0).source == "i");
  CHECK(mounts->tried.empty());
  CHECK(share(pull));
  pull.annotations["k"] = "v";
  auto refused = share(pull);
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::already_exists);
  CHECK(refused.err().message.find("other details") != std::string::npos);
  refused = share(nydus_request());
  REQUIRE(!refused);
  CHECK(refused.err().message.find("fuse.nydus-overlayfs")
        != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "bad options change nothing") {
  prepare();
  auto bad = ::request();
  bad.rootfs.options = {"io.katacontainers.volume=%"};
  const auto refused = share(bad);
  REQUIRE(!refused);
  CHECK(refused.err().code == errc::invalid_argument);
  CHECK(mounts->tried.empty());
  CHECK(nydusd->asked.empty());
  // The container is free for another request.
  auto good = ::request();
  good.block = {"ext4", "virtio-blk", "", "02", "", "", ""};
  CHECK(share(good));
  CHECK(mounts->tried.back() == "make directory /r/box/mounts/c1/rootfs");
}

TEST_CASE_FIXTURE(fixture, "the layers of an overlay are looked at") {
  prepare();
  auto overlay = ::request();
  overlay.rootfs.type = "overlay";
  overlay.rootfs.target = "/bundle";
  // No test machine has EROFS: it is an overlay to bind.
  overlay.rootfs.options = {"lowerdir=/:/none", "upperdir=/tmp"};
  CHECK(share(overlay));
  CHECK(mounts->tried.back().starts_with("bind /bundle ->"));
}

TEST_CASE_FIXTURE(fixture,
                  "nydusd is reached at the socket that Prepare names, "
                  "and nothing is known of hypervisors") {
  prepare_request other;
  other.sandbox_id = "box";
  other.mode = sharing_mode::shared_filesystem;
  other.nydusd_socket = "/run/any-hypervisor/other.sock";
  REQUIRE(ask<prepare_reply>(aut, other));
  REQUIRE(share(nydus_request()));
  REQUIRE_FALSE(nydusd->asked.empty());
  CHECK(nydusd->asked.front() == "dial /run/any-hypervisor/other.sock");
}

TEST_SUITE_END();
