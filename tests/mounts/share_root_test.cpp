// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Every kind of plan for the sandbox of the fixture, in which `c` is shared and
// `c1` has a root filesystem.
std::vector<mount_plan> plans_of(const mount_fixture& f) {
  const share_layout other{f.layout.share_root(), "other", "/guest"};
  return {
    checked_plan(plan_share(f.layout, "d", f.work / "source", read_only)),
    checked_plan(plan_rootfs(f.layout, "c2", f.work / "source", read_only)),
    checked_plan(plan_prepare(other, {}, submounts::take)),
    plan_unshare(f.layout, "c"),
    checked_plan(plan_unshare_rootfs(f.layout, "c1")),
    plan_cleanup(f.layout),
    plan_cleanup_unknown(other, f.work / "marks/other")};
}

// Checks that a plan fails with a sentence and changes no mount.
void check_refused(mount_fixture& f, const mount_plan& plan,
                   const std::string& why) {
  const auto before = mount_table();
  const auto done = f.run(plan);
  REQUIRE_MESSAGE(!done, describe(plan.steps.front()));
  CHECK(done.err().code == errc::failed_precondition);
  CHECK_MESSAGE(done.err().message.find(why) != std::string::npos,
                done.err().message);
  CHECK(mount_table() == before);
}

void prepare_and_share(mount_fixture& f) {
  f.prepare();
  f.share("c", f.work / "source", read_write);
  f.must_run(plan_rootfs(f.layout, "c1", f.work / "source", read_write));
}

} // namespace

TEST_SUITE_BEGIN(
  "sys/mount/held_root: the share root covered, turned or moved");

TEST_CASE("while a mount covers the share root every plan says so, and "
          "afterwards works") {
  for_each_way([](mount_fixture& f) {
    const auto empty = mount_table();
    prepare_and_share(f);
    f.work.mount_tmpfs("share");
    for (const auto& plan : plans_of(f))
      check_refused(f, plan,
                    "share root " + f.layout.share_root()
                      + " is covered by a mount; ");
    CHECK(tree_of(f.layout.share_root()).empty());
    unmount_by_hand(f.layout.share_root());
    // The same directory through another mount is not what the file servers
    // see either.
    bind_by_hand(f.layout.share_root(), f.layout.share_root());
    check_refused(f, plan_cleanup(f.layout), "is covered by a mount; ");
    unmount_by_hand(f.layout.share_root());
    f.must_run(plan_unshare(f.layout, "c"));
    f.cleanup();
    CHECK(mount_table() == empty);
    CHECK(tree_of(f.layout.share_root()).empty());
    CHECK(read_file(f.work / "source/key") == "value");
  });
}

TEST_CASE("while the link to the share root leads elsewhere every plan says "
          "so, and afterwards works") {
  for_each_way([](mount_fixture& f) {
    const auto link = f.layout.share_root();
    std::filesystem::rename(link, f.work / "first");
    f.work.make_dir("second");
    std::filesystem::create_directory_symlink("first", link);
    f.start();
    const auto empty = mount_table();
    prepare_and_share(f);
    std::filesystem::remove(link);
    for (const auto& plan : plans_of(f))
      check_refused(f, plan, "share root " + link + " cannot be reached: ");
    std::filesystem::create_directory_symlink("second", link);
    for (const auto& plan : plans_of(f))
      check_refused(f, plan,
                    "share root " + link + " is another directory now, "
                      + (f.work / "second") + ", not " + (f.work / "first"));
    CHECK(tree_of(f.work / "second").empty());
    std::filesystem::remove(link);
    std::filesystem::create_directory_symlink("first", link);
    f.must_run(plan_unshare(f.layout, "c"));
    f.cleanup();
    CHECK(mount_table() == empty);
    CHECK(tree_of(f.work / "first").empty());
  });
}

TEST_CASE("a share root that was deleted has nothing left, and is used again "
          "when it is made anew") {
  for_each_way([](mount_fixture& f) {
    std::filesystem::remove(f.layout.share_root());
    f.must_run(plan_cleanup(f.layout));
    const auto done = f.run(plan_prepare(f.layout, {}, submounts::take));
    REQUIRE(!done);
    CHECK(done.err().code == errc::not_found);
    f.work.make_dir("share");
    prepare_and_share(f);
    f.cleanup();
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("what somebody mounted over a sandbox's directories hides no end of "
          "a share") {
  for_each_way([](mount_fixture& f) {
    // On the same file system, so that only identity tells it from ours.
    f.work.write("data/c1/rootfs", "");
    f.work.write("data/c", "");
    const auto tree = describe_tree(f.work / "data");
    const auto empty = mount_table();
    prepare_and_share(f);
    for (const auto& over : {f.layout.mounts_dir(), f.layout.sandbox_dir()}) {
      bind_by_hand(f.work / "data", over);
      for (const auto& plan :
           {plan_unshare(f.layout, "c"),
            checked_plan(plan_unshare_rootfs(f.layout, "c1"))}) {
        const auto before = mount_table();
        const auto done = f.run(plan);
        REQUIRE(done);
        CHECK(!check_nothing_left(*done));
        CHECK(mount_table() == before);
      }
      CHECK(!f.run(plan_share(f.layout, "d", f.work / "source", read_only)));
      CHECK(describe_tree(f.work / "data") == tree);
      unmount_by_hand(over);
    }
    f.must_run(plan_unshare(f.layout, "c"));
    f.cleanup();
    CHECK(mount_table() == empty);
    CHECK(describe_tree(f.work / "data") == tree);
  });
}

TEST_CASE("a sandbox whose directory was renamed is not told to be gone") {
  for_each_way([](mount_fixture& f) {
    const auto empty = mount_table();
    prepare_and_share(f);
    const auto moved = f.layout.share_root() + "/moved";
    std::filesystem::rename(f.layout.sandbox_dir(), moved);
    const auto cleaned = f.run(plan_cleanup(f.layout));
    REQUIRE(!cleaned);
    CHECK(cleaned.err().code == errc::failed_precondition);
    CHECK_MESSAGE(cleaned.err().message.find("still mounted, at " + moved)
                    != std::string::npos,
                  cleaned.err().message);
    const auto unshared = f.run(plan_unshare(f.layout, "c"));
    REQUIRE(unshared);
    CHECK(!check_nothing_left(*unshared));
    std::filesystem::rename(moved, f.layout.sandbox_dir());
    f.must_run(plan_unshare(f.layout, "c"));
    f.cleanup();
    CHECK(mount_table() == empty);
    // The same again finds nothing to do.
    f.cleanup();
  });
}

TEST_SUITE_END();
