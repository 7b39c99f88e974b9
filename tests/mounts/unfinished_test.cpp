// SPDX-License-Identifier: Apache-2.0
#include "tests/support/mount_fixture.hpp"
#include "tests/support/tree_text.hpp"

#include "core/share/share_mark.hpp"

#include <filesystem>
#include <sys/mount.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

sandbox_look look_at(mount_fixture& f, std::vector<std::string> paths = {}) {
  auto looks = f.kernel->look_at({{f.layout, std::move(paths)}});
  REQUIRE_MESSAGE(looks, (looks ? "" : looks.err().message));
  REQUIRE(looks->size() == 1);
  return looks->front();
}

bool is_gone(const mount_fixture& f) {
  return tree_of(f.layout.share_root()).empty();
}

} // namespace

TEST_SUITE_BEGIN("mounts: what was cut off");

TEST_CASE("a sandbox directory without its whole mark is taken away, and "
          "nothing else in it") {
  for_each_way([](mount_fixture& f) {
    const auto plan = plan_cleanup_unfinished(f.layout);
    const auto mark = render_share_mark({"box"});
    f.work.make_dir("share/box");
    f.must_run(plan);
    CHECK(is_gone(f));
    for (const std::size_t size : {std::size_t{0}, mark.size() / 2}) {
      f.work.write("share/box/.fsshare", mark.substr(0, size));
      f.must_run(plan);
      CHECK(is_gone(f));
    }
    // A shim's.
    f.work.write("share/box/mounts/theirs", "");
    const auto files = describe_tree(f.work.path());
    const auto foreign = f.run(plan);
    REQUIRE(foreign);
    CHECK(foreign->foreign.size() == 1);
    CHECK(check_nothing_of_ours_left(*foreign));
    CHECK(describe_tree(f.work.path()) == files);
    // Another sandbox's.
    f.work.write("share/box/.fsshare", render_share_mark({"other"}));
    const auto other = f.run(plan);
    REQUIRE(!other);
    CHECK(other.err().code == errc::failed_precondition);
    CHECK(exists(f.work / "share/box/mounts/theirs"));
  });
}

TEST_CASE("without its mark nothing is taken for gone that is still mounted") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    std::filesystem::remove(f.layout.mark_path());
    const auto before = mount_table();
    const auto refused = f.run(plan_cleanup_unfinished(f.layout));
    REQUIRE(!refused);
    CHECK(refused.err().code == errc::failed_precondition);
    CHECK(mount_table() == before);
  });
}

TEST_CASE(
  "whatever of a sandbox is there, it can be taken away as unfinished") {
  for_each_way([](mount_fixture& f) {
    const auto empty = mount_table();
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.must_run(plan_cleanup_unfinished(f.layout));
    CHECK(is_gone(f));
    CHECK(mount_table() == empty);
    // Again finds nothing to do.
    f.must_run(plan_cleanup_unfinished(f.layout));
  });
}

TEST_CASE("what was staged goes, and what is shared stays") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c", f.work / "source", read_write);
    const auto before = mount_table();
    const auto files = describe_tree(f.work.path());
    f.work.make_dir("share/box/private/slot");
    bind_by_hand(f.layout.staging_dir(), f.layout.staging_dir());
    make_private_by_hand(f.layout.staging_dir());
    bind_by_hand(f.work / "source", f.layout.staging_dir() + "/slot", MS_REC);
    f.start();
    f.must_run(plan_settle(f.layout));
    CHECK(mount_table() == before);
    CHECK(describe_tree(f.work.path()) == files);
  });
}

TEST_CASE(
  "a look tells what is mounted where it was made, and by nobody else") {
  for_each_way([](mount_fixture& f) {
    const auto share = f.layout.host_share("c");
    CHECK(look_at(f, {share})
          == sandbox_look{false, false, {{share, seen_place::nothing}}});
    f.prepare();
    f.start();
    CHECK(look_at(f, {share})
          == sandbox_look{true, true, {{share, seen_place::nothing}}});
    f.work.make_dir("share/box/mounts/c");
    CHECK(look_at(f, {share}).places.at(share) == seen_place::placeholder);
    unmount_by_hand(f.layout.shared_dir());
    CHECK(!look_at(f).has_mounts);
    f.must_run(plan_cleanup(f.layout));
    f.prepare();
    f.share("c", f.work / "source", read_only);
    f.start();
    CHECK(look_at(f, {share}).places.at(share) == seen_place::mounted);
    // Somebody's mount over ours.
    bind_by_hand(f.work / "source", f.layout.mounts_dir());
    CHECK(!look_at(f).has_mounts);
    unmount_by_hand(f.layout.mounts_dir());
    CHECK(look_at(f).has_mounts);
    std::filesystem::remove(f.layout.mark_path());
    CHECK(!look_at(f).bears_mark);
    f.work.write("share/box/.fsshare", render_share_mark({"other"}));
    CHECK(!look_at(f).bears_mark);
  });
}

TEST_CASE("what was looked at is told by identity afterwards") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.start();
    REQUIRE(look_at(f).has_mounts);
    // It is no longer there, but its mounts are.
    std::filesystem::rename(f.layout.sandbox_dir(),
                            f.layout.share_root() + "/elsewhere");
    const auto refused = f.run(plan_cleanup(f.layout));
    REQUIRE(!refused);
    CHECK(refused.err().code == errc::failed_precondition);
    std::filesystem::rename(f.layout.share_root() + "/elsewhere",
                            f.layout.sandbox_dir());
    f.must_run(plan_cleanup(f.layout));
    CHECK(is_gone(f));
  });
}

TEST_SUITE_END();
