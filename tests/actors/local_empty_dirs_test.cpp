// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/actors/journaled_world.hpp"
#include "tests/actors/shared_copies_fixture.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t seeds = 60;

const std::string local_dir
  = "/run/kata-containers/shared/containers/passthrough/s1/rootfs/local";

/// A sandbox whose caller hands storages on, and an emptyDir without contents.
struct local_world : journaled_world {
  explicit local_world(chooser& c, node_config config = {},
                       const std::string& wanted = local_dir)
    : journaled_world(c, std::move(config)), at_first(add_guest("s1")) {
    prepare_request request;
    request.sandbox_id = "s1";
    request.mode = sharing_mode::copy;
    request.guest_address = "unix:///nobody";
    request.local_dir = wanted;
    REQUIRE(ask<prepare_reply>(request));
  }

  result<share_file_reply> share_of(const std::string& container,
                                    const std::string& inside = {}) {
    return ask_over_time<share_file_reply>(
      request_for(container, join(source, inside), join("/at", inside)));
  }
  /// Nothing was ever sent to the guest, nor is anything to be.
  void check_nothing_sent() {
    pass(65s);
    CHECK(at_first.carried_out.empty());
    check_empty();
  }

  std::string source = dir.make_dir(empty_dir);
  sim_guest& at_first;
};

storage storage_at(const std::string& path) {
  storage made;
  made.driver = "local";
  made.source = "local";
  made.fstype = "local";
  made.options = {"mode=0777"};
  made.mount_point = path;
  return made;
}

void check_local(const result<share_file_reply>& reply,
                 const std::vector<storage>& storages) {
  REQUIRE_MESSAGE(reply, message(reply));
  CHECK(reply->volume_storages == storages);
  CHECK(reply->container_storages.empty());
  CHECK(reply->guest_path == storages.back().mount_point);
  CHECK(reply->raw_guest_path == reply->guest_path);
  CHECK_FALSE(reply->ignored);
}

} // namespace

TEST_SUITE_BEGIN("actors/local_empty_dirs");

TEST_CASE("an emptyDir without contents is the guest's own for every container "
          "of the sandbox, whatever comes on the host, and nothing is sent") {
  for_each_seed(seeds, [](chooser& choose) {
    local_world w{choose};
    const std::vector all{storage_at(local_dir + "/cache")};
    // The second one may come before the first is answered.
    auto first = w.actors.request(w.node, request_for("c1", w.source, "/a"));
    run_some(w, 40);
    auto second = w.actors.request(w.node, request_for("c2", w.source, "/b"));
    const auto one = w.await<share_file_reply>(first);
    const auto two = w.await<share_file_reply>(second);
    check_local(one, all);
    check_local(two, all);
    CHECK(one->share_id != two->share_id);
    w.dir.write(empty_dir + "/late", "x");
    check_local(w.share_of("c3"), all);
    CHECK(unshare(w, one->share_id).leftovers.empty());
    check_local(w.share_of("c4"), all);
    w.check_nothing_sent();
    const auto shown = w.ask<get_sandbox_reply>(get_sandbox_request{"s1"});
    REQUIRE(shown);
    for (const auto& share : shown->shares.listed) {
      CHECK(share.ready);
      CHECK(share.category.empty());
      CHECK(share.guest_path == local_dir + "/cache");
    }
  });
}

TEST_CASE("an emptyDir of the guest's own stays that after restarts, wherever "
          "they come") {
  for_each_seed(seeds, [](chooser& choose) {
    local_world w{choose};
    const std::vector all{storage_at(local_dir + "/cache")};
    tell(w.node, request_for("c1", w.source, "/at"));
    w.restart_somewhere(40);
    const auto one = w.share_of("c1");
    check_local(one, all);
    w.dir.write(empty_dir + "/late", "x");
    w.restart();
    const auto same = w.share_of("c1");
    check_local(same, all);
    CHECK(same->share_id == one->share_id);
    check_local(w.share_of("c2"), all);
    // Nor does it end with its shares.
    for (const auto* container : {"c1", "c2"})
      REQUIRE(w.ask_over_time<unshare_container_reply>(
        unshare_container_request{"s1", container}));
    w.restart();
    check_local(w.share_of("c3"), all);
    w.check_nothing_sent();
  });
}

TEST_CASE("one with contents is copied, and stays a copy when these are gone") {
  for_each_seed(seeds, [](chooser& choose) {
    local_world w{choose};
    w.dir.write(empty_dir + "/seed", "from the host");
    const auto one = w.share_of("c1");
    REQUIRE_MESSAGE(one, message(one));
    CHECK(one->volume_storages.empty());
    CHECK(read_file(w.guest_dir("s1", one->share_id) + "/seed")
          == "from the host");
    fs::remove(w.source + "/seed");
    if (choose.one_in(2))
      w.restart();
    const auto two = w.share_of("c2");
    REQUIRE_MESSAGE(two, message(two));
    CHECK(two->volume_storages.empty());
    CHECK(two->guest_path == one->guest_path);
    CHECK(two->raw_guest_path == one->guest_path);
  });
}

TEST_CASE("without a place for them every emptyDir is copied") {
  chooser choose{1};
  local_world w{choose, {}, ""};
  const auto reply = w.share_of("c1");
  REQUIRE_MESSAGE(reply, message(reply));
  CHECK(reply->volume_storages.empty());
  CHECK(fs::is_directory(w.guest_dir("s1", reply->share_id)));
}

TEST_CASE("the group that the kubelet has given an emptyDir is taken over, as "
          "it was when it was first shared") {
  if (::getuid() != 0)
    FAIL("needs root");
  chooser choose{1};
  local_world w{choose};
  auto expected = storage_at(local_dir + "/cache");
  expected.options.emplace_back("fsgid=2000");
  REQUIRE(::chown(w.source.c_str(), 0, 2000) == 0);
  REQUIRE(::chmod(w.source.c_str(), 02777) == 0);
  check_local(w.share_of("c1"), {expected});
  REQUIRE(::chown(w.source.c_str(), 0, 3000) == 0);
  check_local(w.share_of("c2"), {expected});
  w.restart();
  check_local(w.share_of("c3"), {expected});
}

TEST_CASE("a part of an emptyDir of the guest's own, which the kubelet makes "
          "for a subPath, is made there too") {
  for_each_seed(seeds, [](chooser& choose) {
    local_world w{choose};
    const auto root = local_dir + "/cache";
    check_local(w.share_of("c1"), {storage_at(root)});
    w.dir.make_dir(empty_dir + "/logs/deep");
    const std::vector all{storage_at(root), storage_at(root + "/logs"),
                          storage_at(root + "/logs/deep")};
    const auto part = w.share_of("c2", "logs/deep");
    check_local(part, all);
    if (choose.one_in(2))
      w.restart();
    const auto same = w.share_of("c2", "logs/deep");
    check_local(same, all);
    CHECK(same->share_id == part->share_id);
    // A file of the host's is not there, and nothing brings it.
    w.dir.write(empty_dir + "/logs/file", "x");
    const auto refused = w.share_of("c3", "logs/file");
    CHECK(code(refused) == errc::failed_precondition);
    CHECK(message(refused).find("/logs/file") != std::string::npos);
    w.check_nothing_sent();
  });
}

TEST_CASE("a part that is there before the first share makes it a copy") {
  chooser choose{1};
  local_world w{choose};
  w.dir.make_dir(empty_dir + "/logs");
  const auto part = w.share_of("c1", "logs");
  REQUIRE_MESSAGE(part, message(part));
  CHECK(part->volume_storages.empty());
  CHECK(fs::is_directory(w.guest_dir("s1", part->share_id) + "/logs"));
  const auto whole = w.share_of("c2");
  REQUIRE_MESSAGE(whole, message(whole));
  CHECK(whole->volume_storages.empty());
  CHECK(part->guest_path == whole->guest_path + "/logs");
}

TEST_CASE("the rules of copies do not concern what is not copied") {
  for (const auto rule : {copy_rule::deny, copy_rule::empty}) {
    chooser choose{1};
    node_config config;
    config.copy.categories.other_directories = rule;
    local_world w{choose, config};
    check_local(w.share_of("c1"), {storage_at(local_dir + "/cache")});
    w.check_nothing_sent();
  }
}

TEST_CASE("Cleanup forgets which emptyDirs were the guest's own") {
  chooser choose{1};
  local_world w{choose};
  check_local(w.share_of("c1"), {storage_at(local_dir + "/cache")});
  REQUIRE(w.ask_over_time<cleanup_reply>(cleanup_request{"s1"}));
  w.dir.write(empty_dir + "/seed", "x");
  prepare_request request;
  request.sandbox_id = "s1";
  request.mode = sharing_mode::copy;
  request.guest_address = "unix:///nobody";
  request.local_dir = local_dir;
  REQUIRE(w.ask<prepare_reply>(request));
  const auto reply = w.share_of("c1");
  REQUIRE_MESSAGE(reply, message(reply));
  CHECK(reply->volume_storages.empty());
}

TEST_SUITE_END();
