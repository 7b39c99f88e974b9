// SPDX-License-Identifier: Apache-2.0
#include "tests/support/failing_mounts.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/mount.h>
#include <utility>

using namespace fsshare;
using namespace fsshare::test;

namespace {

bool is_unmount(const mount_step& step) {
  return std::holds_alternative<unmount>(step);
}

} // namespace

TEST_SUITE_BEGIN("sys/mount/kernel_mount: users' data");

TEST_CASE("where unmounting fails, nothing below the mounts is removed") {
  for_each_way([](mount_fixture& f) {
    // What a recursive delete would find first: empty entries of the user.
    f.work.write("source/empty", "");
    f.work.make_dir("source/dir/empty");
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.must_run(plan_rootfs(f.layout, "c1", f.work / "source", read_write));
    const auto tree = tree_of(f.work / "source");
    const auto before = mount_table();
    failing_mounts mounts{*f.kernel, is_unmount};
    for (const auto& plan :
         {plan_cleanup(f.layout), plan_unshare(f.layout, "c"),
          checked_plan(plan_unshare_rootfs(f.layout, "c1"))}) {
      const auto done = run(plan, mounts);
      REQUIRE(done);
      CHECK(done->leftovers.size() > 0);
      const auto left = check_nothing_left(*done);
      REQUIRE(!left);
      CHECK(left.err().code == errc::failed_precondition);
      CHECK(mount_table() == before);
      CHECK(tree_of(f.work / "source") == tree);
      CHECK(exists(f.layout.mark_path()));
    }
    f.cleanup();
    CHECK(tree_of(f.work / "source") == tree);
  });
}

TEST_CASE("removing without unmounting refuses every mount point") {
  for_each_way([](mount_fixture& f) {
    f.work.make_dir("hollow");
    f.work.write("file", "");
    f.prepare();
    f.share("c", f.work / "hollow", read_write);
    f.share("f", f.work / "file", read_write);
    const auto before = mount_table();
    const auto tree = tree_of(f.layout.share_root());
    const std::vector<mount_step> steps{
      remove_placeholder{f.layout.host_share("c")},
      remove_placeholder{f.layout.host_share("f")},
      remove_placeholders{f.layout.mounts_dir()},
      remove_directory{f.layout.mounts_dir()},
      remove_sandbox_dir{f.layout.sandbox_dir(), f.layout.mark_path(), true}};
    for (const auto& step : steps) {
      auto plan = plan_cleanup(f.layout);
      plan.steps = {step};
      const auto done = f.run(plan);
      REQUIRE(done);
      CHECK_MESSAGE(done->changed == 0, describe(step));
      CHECK_MESSAGE(done->leftovers.size() == 1, describe(step));
    }
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()) == tree);
  });
}

TEST_CASE("empty files of a user are not taken for mount points") {
  for_each_way([](mount_fixture& f) {
    f.work.mount_tmpfs("data");
    f.work.write("data/empty", "");
    f.work.write("data/rootfs", "");
    f.prepare();
    f.work.make_dir("share/box/mounts/c");
    bind_by_hand(f.work / "data", f.layout.container_dir("c"));
    const std::vector<mount_step> steps{
      remove_placeholder{f.layout.host_rootfs("c")},
      remove_placeholders{f.layout.container_dir("c")}};
    for (const auto& step : steps) {
      auto plan = plan_cleanup(f.layout);
      plan.steps = {step};
      const auto done = f.run(plan);
      REQUIRE(done);
      CHECK(done->leftovers.size() == 1);
    }
    bind_by_hand(f.work / "data", f.layout.mounts_dir());
    auto plan = plan_unshare(f.layout, "empty");
    const auto done = f.run(plan);
    REQUIRE(done);
    CHECK(done->leftovers.size() == 1);
    CHECK(tree_of(f.work / "data")
          == std::vector<std::string>{"/empty", "/rootfs"});
  });
}

TEST_CASE("nothing is made in what somebody mounted over our directories") {
  for_each_way([](mount_fixture& f) {
    f.work.mount_tmpfs("data");
    f.work.write("data/key", "somebody's");
    f.work.mount_tmpfs("other");
    f.prepare();
    // A container may bear the name of a share.
    f.share("c", f.work / "data", read_write);
    f.work.make_dir("share/box/mounts/c1");
    bind_by_hand(f.work / "other", f.layout.container_dir("c1"));
    const auto files = describe_tree(f.work.path());
    const auto before = mount_table();
    for (const auto* container : {"c", "c1"}) {
      const auto bound
        = f.run(plan_rootfs(f.layout, container, f.work / "source", read_only));
      REQUIRE(!bound);
      CHECK(bound.err().code == errc::failed_precondition);
      CHECK_MESSAGE(bound.err().message.ends_with("a mount is in the way"),
                    bound.err().message);
      CHECK(!f.run(plan_rootfs_dir(f.layout, container, "rootfs")));
      CHECK(mount_table() == before);
      CHECK(describe_tree(f.work.path()) == files);
    }
    bind_by_hand(f.work / "other", f.layout.mounts_dir());
    const auto shared
      = f.run(plan_share(f.layout, "c2", f.work / "source", read_only));
    REQUIRE(!shared);
    CHECK(tree_of(f.work / "other").empty());
    f.cleanup();
  });
}

TEST_CASE("a link swapped in for a directory leads to no other sandbox") {
  for_each_way([](mount_fixture& f) {
    const share_layout other{f.layout.share_root(), "other", "/guest"};
    f.must_run(plan_prepare(other, {}, submounts::take));
    f.must_run(plan_rootfs(other, "c", f.work / "source", read_write));
    // Without its mounts, so that names in it can be swapped.
    auto dirs = checked_plan(plan_prepare(f.layout, {}, submounts::take));
    dirs.steps.erase(dirs.steps.begin() + 3, dirs.steps.end());
    // Relative ones, which do not lead out of the share root.
    const std::pair<std::string, std::string> links[]{
      {f.layout.container_dir("c"), "../../other/mounts/c"},
      {f.layout.mounts_dir(), "../other/mounts"}};
    for (const auto& [link, target] : links) {
      f.must_run(dirs);
      std::filesystem::remove(link);
      std::filesystem::create_directory_symlink(target, link);
      const auto before = mount_table();
      CHECK(!f.run(plan_rootfs(f.layout, "c", f.work / "source", read_only)));
      for (const auto& plan : {checked_plan(plan_unshare_rootfs(f.layout, "c")),
                               plan_cleanup(f.layout)}) {
        const auto done = f.run(plan);
        REQUIRE(done);
        CHECK(!check_nothing_left(*done));
        CHECK(mount_table() == before);
      }
      CHECK(read_file(other.host_rootfs("c") + "/key") == "value");
      CHECK(std::filesystem::is_symlink(link));
      std::filesystem::remove(link);
      std::filesystem::remove_all(f.layout.sandbox_dir());
    }
    f.must_run(plan_cleanup(other));
  });
}

TEST_CASE("a volume that somebody mounted over ours survives cleanup") {
  for_each_way([](mount_fixture& f) {
    f.work.write("data/empty", "");
    f.work.make_dir("data/c/rootfs");
    const auto tree = tree_of(f.work / "data");
    const auto before = mount_table();
    f.prepare();
    f.share("c", f.work / "source", read_write);
    bind_by_hand(f.work / "data", f.layout.host_share("c"));
    bind_by_hand(f.work / "data", f.layout.mounts_dir());
    bind_by_hand(f.work / "data", f.layout.shared_dir());
    f.cleanup();
    CHECK(mount_table() == before);
    CHECK(tree_of(f.work / "data") == tree);
    CHECK(read_file(f.work / "source/key") == "value");
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("what is not ours stays, is listed, and keeps nothing of ours") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.work.write("share/box/mounts/note", "somebody's");
    f.work.write("share/box/mounts/c9/rootfs/deep", "");
    std::filesystem::create_symlink(f.work / "source",
                                    f.layout.host_share("link"));
    f.work.write("share/box/extra", "");
    f.work.mount_tmpfs("share/box/theirs");
    f.work.write("share/box/theirs/data", "theirs");
    const auto done = f.run(plan_cleanup(f.layout));
    REQUIRE(done);
    CHECK(check_nothing_of_ours_left(*done));
    std::vector<std::string> foreign;
    for (const auto& each : done->foreign)
      foreign.push_back(each.path + ": " + each.reason);
    std::sort(foreign.begin(), foreign.end());
    const auto box = f.layout.sandbox_dir();
    CHECK(foreign
          == std::vector<std::string>{
            box + "/extra: it is not ours",
            box + "/mounts/c9/rootfs: a directory that is not empty",
            box + "/mounts/link: neither a file nor a directory",
            box + "/mounts/note: a file with content",
            box + "/theirs: it is not ours"});
    CHECK(tree_of(f.layout.share_root())
          == std::vector<std::string>{"/box", "/box/extra", "/box/mounts",
                                      "/box/mounts/c9", "/box/mounts/c9/rootfs",
                                      "/box/mounts/c9/rootfs/deep",
                                      "/box/mounts/link", "/box/mounts/note",
                                      "/box/theirs", "/box/theirs/data"});
    CHECK(has_mount(mount_table(), box + "/theirs"));
    // It is no sandbox of ours any more.
    const auto unknown
      = f.run(plan_cleanup_unknown(f.layout, f.work / "marks/box"));
    REQUIRE(unknown);
    CHECK(unknown->foreign.size() == 1);
    const auto again = f.run(plan_prepare(f.layout, {}, submounts::take));
    REQUIRE(!again);
    CHECK(again.err().message.find("is not ours") != std::string::npos);
  });
}

TEST_CASE("what is mounted where shares are may be ours: it stays and fails") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    unmount_by_hand(f.layout.shared_dir());
    unmount_by_hand(f.layout.mounts_dir());
    f.share("c", f.work / "source", read_write);
    f.work.write("share/box/mounts/note", "somebody's");
    const auto done = f.run(plan_cleanup(f.layout));
    REQUIRE(done);
    const auto left = check_nothing_of_ours_left(*done);
    REQUIRE(!left);
    CHECK(left.err().message
          == "left behind: " + f.layout.host_share("c")
               + " (something is mounted there)");
    CHECK(done->foreign.size() == 1);
    CHECK(exists(f.layout.mark_path()));
    CHECK(has_mount(mount_table(), f.layout.host_share("c")));
    f.must_run(plan_unshare(f.layout, "c"));
    const auto then = f.run(plan_cleanup(f.layout));
    REQUIRE(then);
    CHECK(check_nothing_of_ours_left(*then));
    CHECK_FALSE(exists(f.layout.mark_path()));
  });
}

TEST_CASE("the end of a share still fails for what took its place") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    unmount_by_hand(f.layout.host_share("c"));
    f.work.write("share/box/mounts/c/written", "by a container");
    const auto done = f.run(plan_unshare(f.layout, "c"));
    REQUIRE(done);
    CHECK(check_nothing_of_ours_left(*done));
    CHECK(!check_nothing_left(*done));
    CHECK(read_file(f.layout.host_share("c") + "/written") == "by a container");
  });
}

TEST_CASE("what a killed process left in the staging directory is cleaned up") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    f.prepare();
    f.work.make_dir("share/box/private/slot");
    bind_by_hand(f.layout.staging_dir(), f.layout.staging_dir());
    make_private_by_hand(f.layout.staging_dir());
    bind_by_hand(f.work / "source", f.layout.staging_dir() + "/slot");
    f.cleanup();
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()).empty());
    CHECK(read_file(f.work / "source/key") == "value");
  });
}

TEST_CASE("cleaning up the staging directory unmounts nothing of its source") {
  for_each_way([](mount_fixture& f) {
    f.work.mount_tmpfs("source/inner");
    f.work.write("source/inner/key", "inner");
    const auto before = mount_table();
    f.prepare();
    f.work.make_dir("share/box/private/slot");
    bind_by_hand(f.layout.staging_dir(), f.layout.staging_dir());
    make_private_by_hand(f.layout.staging_dir());
    // As a process that was killed before it made the mount private.
    bind_by_hand(f.work / "source", f.layout.staging_dir() + "/slot", MS_REC);
    f.cleanup();
    CHECK(mount_table() == before);
    CHECK(read_file(f.work / "source/inner/key") == "inner");
  });
}

TEST_SUITE_END();
