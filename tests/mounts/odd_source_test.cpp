// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/mounts/automounter.hpp"
#include "tests/mounts/bind_kinds.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sys/mount.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Returns how many mounts there are below a path.
std::size_t mounts_below(const std::string& path) {
  const auto table = mount_table();
  return static_cast<std::size_t>(
    std::count_if(table.begin(), table.end(), [&](const auto& entry) {
      return is_below(entry.mount_point, path);
    }));
}

} // namespace

TEST_SUITE_BEGIN("sys/mount/kernel_mount: unusual sources");

TEST_CASE("a source that holds the share root comes without what is mounted "
          "there, however often it is shared") {
  for_each_way([](mount_fixture& f) {
    f.work.mount_tmpfs("inner");
    f.work.write("inner/key", "inner");
    f.prepare();
    const slave_namespace guest;
    f.share("small", f.work / "source", read_write);
    const auto before = mount_table();
    for (int i = 0; i < 4; ++i) {
      const auto name = "c" + std::to_string(i);
      f.share(name, f.work.path(), i % 2 == 0 ? read_only : read_write);
      const auto seen = f.shared(name);
      CHECK(mounts_below(seen) == 1);
      CHECK(read_file(guest / (seen + "/inner/key")) == "inner");
      CHECK(write_failure(guest / (seen + "/inner/key"))
            == (i % 2 == 0 ? EROFS : 0));
      CHECK_FALSE(exists(seen + "/share/box/mounts/small/key"));
      CHECK_FALSE(exists(seen + "/share/box/shared/small/key"));
    }
    for (int i = 0; i < 4; ++i)
      f.must_run(plan_unshare(f.layout, "c" + std::to_string(i)));
    CHECK(mount_table() == before);
    f.cleanup();
    CHECK(read_file(f.work / "inner/key") == "inner");
  });
}

TEST_CASE("where the share root is a mount, a source above it comes without") {
  for_each_way([](mount_fixture& f) {
    bind_by_hand(f.layout.share_root(), f.layout.share_root());
    f.start();
    const auto before = mount_table();
    f.prepare();
    f.must_run(plan_rootfs(f.layout, "c", f.work.path(), read_write));
    CHECK(mounts_below(f.shared("c/rootfs")) == 0);
    CHECK(mounts_below(f.layout.host_rootfs("c")) == 0);
    f.cleanup();
    CHECK(mount_table() == before);
    unmount_by_hand(f.layout.share_root());
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE(
  "later sandboxes do not appear in a slave of the share root's mount") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("all", f.work.path(), slave);
    const share_layout other{f.layout.share_root(), "other", "/guest"};
    f.must_run(plan_prepare(other, {}, submounts::take));
    f.must_run(plan_share(other, "c", f.work / "source", read_write));
    CHECK(mounts_below(f.shared("all")) == 0);
    f.must_run(plan_cleanup(other));
    f.cleanup();
  });
}

TEST_CASE("a link into the share root is refused, as a path into it is") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("secret", f.work / "source", read_only);
    std::filesystem::create_symlink(f.layout.mounts_dir(), f.work / "all");
    std::filesystem::create_symlink(f.layout.share_root(), f.work / "root");
    const auto before = mount_table();
    const auto tree = tree_of(f.layout.sandbox_dir());
    for (const std::string source : {"all", "all/secret", "root", "root/box"})
      f.must_refuse_as_ours(source, read_only);
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.sandbox_dir()) == tree);
  });
}

TEST_CASE("mounts that others hide do not keep a source from being shared") {
  for_each_way([](mount_fixture& f) {
    f.work.mount_tmpfs("source/a/b");
    f.work.mount_tmpfs("source/a/b/c");
    f.work.mount_tmpfs("source/a");
    f.work.mount_tmpfs("source/d", MS_NOSUID);
    f.work.mount_tmpfs("source/d", MS_NODEV);
    f.work.write("source/d/key", "top");
    const auto before = mount_table();
    f.prepare();
    const slave_namespace guest;
    f.share("ro", f.work / "source", read_only);
    const auto seen = f.shared("ro");
    CHECK(write_failure(guest / (seen + "/d/key")) == EROFS);
    const auto top = mount_at(guest.mounts(), seen + "/d");
    CHECK(top.has_option("nodev"));
    CHECK_FALSE(top.has_option("nosuid"));
    CHECK(mount_at(guest.mounts(), seen + "/a").has_option("ro"));
    f.cleanup();
    CHECK(mount_table() == before);
  });
}

TEST_CASE("links that a source does not follow are not followed in its share") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto volume = f.work.mount_tmpfs("volume", MS_NOSYMFOLLOW);
    f.work.write("volume/key", "value");
    std::filesystem::create_symlink("key", volume + "/link");
    for (const auto& options : {read_only, read_write, slave}) {
      f.share("c", volume, options);
      CHECK(mount_at(mount_table(), f.shared("c")).has_option("nosymfollow"));
      CHECK(write_failure(f.shared("c/link")) == ELOOP);
      f.must_run(plan_unshare(f.layout, "c"));
    }
  });
}

TEST_CASE("a source that is mounted on demand is mounted, then shared") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto source = f.work.make_dir("on-demand");
    const automounter demand{source};
    if (!demand.unavailable().empty()) {
      MESSAGE("skipped: ", demand.unavailable());
      return;
    }
    f.share("c", source, read_only);
    // Otherwise the next line would wait for a mount for ever.
    REQUIRE(mount_at(mount_table(), f.shared("c")).fs_type == "tmpfs");
    CHECK(write_failure(f.shared("c/key")) == EROFS);
    f.cleanup();
  });
}

TEST_SUITE_END();
