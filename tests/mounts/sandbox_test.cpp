// SPDX-License-Identifier: Apache-2.0
#include "core/share/share_mark.hpp"
#include "tests/support/failing_mounts.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"

#include <cerrno>
#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;

TEST_SUITE_BEGIN("sys/mount/kernel_mount: sandboxes");

TEST_CASE("prepare makes a shared mount and a read-only slave of it") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto table = mount_table();
    const auto mounts = mount_at(table, f.layout.mounts_dir());
    const auto shared = mount_at(table, f.layout.shared_dir());
    CHECK(mounts.peer_group != 0);
    CHECK(mounts.peer_group != mount_at(table, f.work.path()).peer_group);
    CHECK(mounts.master == 0);
    CHECK(mounts.has_option("rw"));
    CHECK(shared.master == mounts.peer_group);
    CHECK(shared.has_option("ro"));
    const auto mark = parse_share_mark(read_file(f.layout.mark_path()));
    REQUIRE(mark);
    CHECK(mark->sandbox_id == "box");
    CHECK_FALSE(exists(f.layout.staging_dir()));
  });
}

TEST_CASE("a sandbox whose directory somebody else takes away is counted until "
          "it is cleaned up") {
  for_each_way([](mount_fixture& f) {
    CHECK(f.kernel->count_wiped() == 0);
    f.prepare();
    CHECK(f.kernel->count_wiped() == 0);
    unmount_by_hand(f.layout.shared_dir());
    unmount_by_hand(f.layout.mounts_dir());
    std::filesystem::remove_all(f.layout.sandbox_dir());
    CHECK(f.kernel->count_wiped() == 1);
    // Somebody else's directory is not ours, though it bears the name.
    std::filesystem::create_directory(f.layout.sandbox_dir());
    CHECK(f.kernel->count_wiped() == 1);
    // What it has in the place of our mark may be a mark that was damaged.
    f.work.write("made-up", "");
    std::filesystem::rename(f.work / "made-up", f.layout.mark_path());
    CHECK(f.kernel->count_wiped() == 0);
    std::filesystem::remove(f.layout.mark_path());
    std::filesystem::remove(f.layout.sandbox_dir());
    f.must_run(plan_cleanup(f.layout));
    CHECK(f.kernel->count_wiped() == 0);
  });
}

TEST_CASE("cleanup takes away all that prepare and shares made") {
  for_each_way([](mount_fixture& f) {
    f.work.write("bound/key", "bound");
    f.work.mount_tmpfs("source/inner");
    f.work.write("source/inner/key", "inner");
    const auto before = mount_table();
    const std::vector<sandbox_bind> binds{{f.work / "bound", true}};
    f.must_run(plan_prepare(f.layout, binds, submounts::take));
    for (int i = 0; i < 20; ++i)
      f.share("c-" + std::to_string(i), f.work / "source",
              i % 2 == 0 ? read_only : read_write);
    f.share("file", f.work / "source/key", read_write);
    f.must_run(plan_rootfs(f.layout, "c", f.work / "source", read_write));
    f.cleanup();
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()).empty());
    CHECK(read_file(f.work / "source/inner/key") == "inner");
    CHECK(read_file(f.work / "bound/key") == "bound");
  });
}

TEST_CASE("cleanup again, or of nothing, has nothing to do") {
  for_each_way([](mount_fixture& f) {
    const auto cleanup = plan_cleanup(f.layout);
    CHECK(f.run(cleanup)->changed == 0);
    f.prepare();
    f.cleanup();
    CHECK(f.run(cleanup)->changed == 0);
    std::filesystem::remove(f.layout.share_root());
    CHECK(f.run(cleanup)->changed == 0);
  });
}

TEST_CASE("the share root is made with what is missing above it") {
  const temp_dir dir;
  CHECK(make_share_root(dir / "a/b/c"));
  CHECK(make_share_root(dir / "a/b/c"));
  CHECK(exists(dir / "a/b/c"));
  const auto file = dir.write("file", "");
  const auto below = make_share_root(file + "/root");
  REQUIRE(!below);
  CHECK(below.err().code == errc::failed_precondition);
  CHECK(!make_share_root(file));
}

TEST_CASE("a copy-mode sandbox has a mark, and nothing below the share root, "
          "where a shim has directories of its own") {
  for_each_way([](mount_fixture& f) {
    const auto mark = copy_mark_path(f.work / "marks", "box");
    const auto before = mount_table();
    for (const bool is_shims : {false, true}) {
      if (is_shims)
        f.work.make_dir("share/box/rw/passthrough");
      const auto tree = tree_of(f.layout.share_root());
      f.must_run(plan_prepare_copy(f.layout, mark));
      CHECK(tree_of(f.layout.share_root()) == tree);
      CHECK(mount_table() == before);
      CHECK(exists(mark));
      const auto again = f.run(plan_prepare_copy(f.layout, mark));
      REQUIRE(!again);
      CHECK(again.err().code == errc::failed_precondition);
      CHECK(again.err().message.find("bears our mark") != std::string::npos);
      const auto done = f.run(plan_cleanup_copy(f.layout, mark));
      REQUIRE(done);
      CHECK(done->leftovers.empty());
      CHECK(done->foreign.size() == (is_shims ? 1 : 0));
      CHECK_FALSE(exists(mark));
      CHECK(tree_of(f.layout.share_root()) == tree);
    }
  });
}

TEST_CASE("what an earlier process made for copies is told, and discarded") {
  for_each_way([](mount_fixture& f) {
    const auto mark = copy_mark_path(f.work / "marks", "box");
    f.must_run(plan_prepare_copy(f.layout, mark));
    f.work.make_dir("share/box/rw");
    f.start();
    const auto refused = f.run(plan_cleanup_unknown(f.layout, mark));
    REQUIRE(!refused);
    CHECK(refused.err().message.ends_with("discard it"));
    const auto done = f.run(plan_discard(f.layout, mark));
    REQUIRE(done);
    CHECK(done->changed == 1);
    CHECK_FALSE(exists(mark));
    CHECK(exists(f.layout.sandbox_dir() + "/rw"));
  });
}

TEST_CASE("sandbox binds appear below sandbox-mounts with their access") {
  for_each_way([](mount_fixture& f) {
    f.work.write("bound/key", "bound");
    const std::vector<sandbox_bind> binds{{f.work / "source", false},
                                          {f.work / "bound", true}};
    f.must_run(plan_prepare(f.layout, binds, submounts::take));
    const slave_namespace guest;
    const auto ro = f.shared("sandbox-mounts/source/key");
    const auto rw = f.shared("sandbox-mounts/bound/key");
    CHECK(write_failure(guest / ro) == EROFS);
    CHECK(write_failure(guest / rw) == 0);
    CHECK(read_file(guest / rw) == "bound");
  });
}

TEST_CASE("a sandbox bind without its source undoes the whole prepare") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    const std::vector<sandbox_bind> binds{{f.work / "source", false},
                                          {f.work / "missing", false}};
    const auto failed = f.run(plan_prepare(f.layout, binds, submounts::take));
    REQUIRE(!failed);
    CHECK(failed.err().code == errc::not_found);
    CHECK(failed.err().message.ends_with("open " + (f.work / "missing")
                                         + ": No such file or directory"));
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("whichever step fails, those before it are undone") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    const std::vector<sandbox_bind> binds{{f.work / "source", false}};
    const auto prepare
      = checked_plan(plan_prepare(f.layout, binds, submounts::take));
    for (std::size_t at = 0; at < prepare.steps.size(); ++at) {
      failing_mounts mounts{*f.kernel, at};
      const auto failed = run(prepare, mounts, open_sources(prepare));
      REQUIRE(!failed);
      CHECK(failed.err().message
            == describe(prepare.steps[at]) + ": made to fail");
      CHECK(mount_table() == before);
      CHECK(tree_of(f.layout.share_root()).empty());
    }
  });
}

TEST_CASE("a sandbox that is there already is refused and stays as it is") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    const auto before = mount_table();
    const auto again = f.run(plan_prepare(f.layout, {}, submounts::take));
    REQUIRE(!again);
    CHECK(again.err().code == errc::failed_precondition);
    CHECK(again.err().message.find("bears our mark") != std::string::npos);
    CHECK(mount_table() == before);
    CHECK(read_file(f.shared("c/key")) == "value");
  });
}

TEST_CASE("a shim's sandbox is neither prepared nor cleaned up") {
  for_each_way([](mount_fixture& f) {
    f.work.write("share/box/mounts/file", "");
    f.work.make_dir("share/box/shared");
    const auto before = mount_table();
    const auto tree = tree_of(f.layout.share_root());
    for (const auto& plan :
         {checked_plan(plan_prepare(f.layout, {}, submounts::take)),
          plan_cleanup(f.layout)}) {
      const auto refused = f.run(plan);
      REQUIRE(!refused);
      CHECK(refused.err().code == errc::failed_precondition);
      CHECK(mount_table() == before);
      CHECK(tree_of(f.layout.share_root()) == tree);
    }
  });
}

TEST_CASE("what nobody prepared here is told apart and not touched") {
  for_each_way([](mount_fixture& f) {
    const auto plan = plan_cleanup_unknown(f.layout, f.work / "marks/box");
    CHECK(f.run(plan)->changed == 0);
    f.work.make_dir("share/box");
    const auto foreign = f.run(plan);
    REQUIRE(foreign);
    CHECK(foreign->leftovers.empty());
    CHECK(foreign->foreign
          == std::vector<path_reason>{
            {f.layout.sandbox_dir(),
             "it exists without our mark and is not ours"}});
    f.work.write("share/box/.fsshare", render_share_mark({"box"}));
    const auto earlier = f.run(plan);
    REQUIRE(!earlier);
    CHECK(earlier.err().message.find("bears our mark") != std::string::npos);
    CHECK(exists(f.layout.mark_path()));
  });
}

TEST_CASE("a mark of another sandbox or a damaged one stops cleanup") {
  for_each_way([](mount_fixture& f) {
    for (const std::string& text :
         {render_share_mark({"other"}), std::string{"{}"}}) {
      f.work.write("share/box/.fsshare", text);
      const auto refused = f.run(plan_cleanup(f.layout));
      REQUIRE(!refused);
      CHECK(refused.err().code == errc::failed_precondition);
      CHECK(read_file(f.layout.mark_path()) == text);
    }
  });
}

TEST_CASE("a sandbox directory that is a symbolic link is not followed") {
  for_each_way([](mount_fixture& f) {
    f.work.write("victim/mounts/empty", "");
    f.work.write("victim/.fsshare", render_share_mark({"box"}));
    std::filesystem::create_symlink(f.work / "victim", f.layout.sandbox_dir());
    const auto tree = tree_of(f.work / "victim");
    CHECK(!f.run(plan_cleanup(f.layout)));
    CHECK(!f.run(plan_prepare(f.layout, {}, submounts::take)));
    CHECK(tree_of(f.work / "victim") == tree);
  });
}

TEST_SUITE_END();
