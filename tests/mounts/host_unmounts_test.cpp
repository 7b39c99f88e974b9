// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "tests/mounts/bind_kinds.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/hanging_fuse.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/resident_memory.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Takes away what the host has unmounted; returns how many mounts that were.
std::size_t follow(mount_fixture& f) {
  auto seen = f.kernel->follow_host();
  REQUIRE_MESSAGE(seen, (seen ? "" : seen.err().message));
  CHECK(seen->is_all);
  return seen->detached.size();
}

// Whether anything still holds a file system: its host could not use the
// device.
bool is_held(const std::string& device) {
  const auto table = mount_table();
  return std::any_of(table.begin(), table.end(), [&](const auto& entry) {
    return entry.device == device;
  });
}

} // namespace

TEST_SUITE_BEGIN("sys/mount/host_follower: what the host unmounts");

TEST_CASE("what the host unmounts goes from a read-only share of a slave "
          "source, and what it mounts later does not come") {
  for_each_way([](mount_fixture& f) {
    const auto inner = f.work.mount_tmpfs("source/inner");
    f.work.write("source/inner/key", "inner");
    const auto stays = f.work.mount_tmpfs("source/stays");
    f.work.write("source/stays/key", "stays");
    const auto device = mount_at(mount_table(), inner).device;
    f.prepare();
    const slave_namespace guest;
    f.share("ro", f.work / "source", follows);
    CHECK(read_file(guest / f.shared("ro/inner/key")) == "inner");
    CHECK(write_failure(guest / f.shared("ro/inner/key")) == EROFS);
    CHECK(f.kernel->follows_host());
    CHECK(follow(f) == 0);
    unmount_by_hand(inner);
    CHECK(follow(f) == 1);
    CHECK_FALSE(is_held(device));
    CHECK_FALSE(exists(guest / f.shared("ro/inner/key")));
    CHECK(read_file(guest / f.shared("ro/stays/key")) == "stays");
    // In its place, and beside it.
    f.work.mount_tmpfs("source/inner");
    f.work.mount_tmpfs("source/late");
    f.work.write("source/inner/key", "another");
    f.work.write("source/late/key", "late");
    CHECK(follow(f) == 0);
    CHECK_FALSE(exists(guest / f.shared("ro/inner/key")));
    CHECK_FALSE(exists(guest / f.shared("ro/late/key")));
    f.must_run(plan_unshare(f.layout, "ro"));
    CHECK_FALSE(f.kernel->follows_host());
    CHECK(read_file(f.work / "source/stays/key") == "stays");
    CHECK(read_file(f.work / "source/inner/key") == "another");
  });
}

TEST_CASE("what the host unmounts goes from a share of what holds the share "
          "root, writable or not") {
  for (const auto& options : {follows, slave})
    for_each_way([&options](mount_fixture& f) {
      const auto disk = f.work.mount_tmpfs("disk");
      f.work.mount_tmpfs("disk/below");
      f.work.write("disk/below/key", "below");
      f.prepare();
      f.share("other", f.work / "source", read_write);
      f.share("all", f.work.path(), options);
      CHECK(read_file(f.shared("all/disk/below/key")) == "below");
      const auto device = mount_at(mount_table(), disk).device;
      unmount_by_hand(f.work / "disk/below");
      CHECK(follow(f) == 1);
      f.work.mount_tmpfs("disk/below");
      unmount_by_hand(disk);
      CHECK(follow(f) == 1);
      CHECK_FALSE(is_held(device));
      CHECK(exists(f.shared("all/disk")));
      CHECK(read_file(f.shared("other/key")) == "value");
      f.cleanup();
      CHECK_FALSE(f.kernel->follows_host());
    });
}

TEST_CASE("of a tree of mounts that the host takes away at once nothing stays "
          "in a share, stacked ones and those that are in use included") {
  for_each_way([](mount_fixture& f) {
    f.work.mount_tmpfs("source/a");
    f.work.mount_tmpfs("source/a/b");
    f.work.mount_tmpfs("source/a/b");
    f.work.write("source/a/b/key", "in use");
    f.prepare();
    f.share("one", f.work / "source", follows);
    f.share("two", f.work / "source", follows);
    const auto before = mount_table().size();
    child_process user{{"/bin/sh", "-c",
                        R"(exec 8<"$1" && echo ready && exec sleep 60)", "sh",
                        f.shared("one/a/b/key")}};
    REQUIRE(user.read_line() == "ready");
    unmount_by_hand(f.work / "source/a/b");
    CHECK(follow(f) == 2);
    unmount_by_hand(f.work / "source/a");
    CHECK(follow(f) == 2);
    CHECK_FALSE(f.kernel->follows_host());
    // On both sides of two shares, and on the host.
    CHECK(mount_table().size() == before - 15);
    f.cleanup();
  });
}

TEST_CASE("a mount that somebody made in a share is not taken for the host's") {
  for_each_way([](mount_fixture& f) {
    const auto inner = f.work.mount_tmpfs("source/inner");
    f.prepare();
    f.share("ro", f.work / "source", follows);
    const auto theirs = f.layout.host_share("ro") + "/inner";
    bind_by_hand(f.work.make_dir("theirs"), theirs);
    f.work.write("theirs/key", "theirs");
    unmount_by_hand(inner);
    const auto seen = f.kernel->follow_host();
    REQUIRE(seen);
    CHECK(seen->detached.empty());
    CHECK_FALSE(seen->is_all);
    CHECK(read_file(theirs + "/key") == "theirs");
    unmount_by_hand(theirs);
    CHECK(follow(f) == 1);
    CHECK(read_file(f.work / "theirs/key") == "theirs");
    f.cleanup();
  });
}

TEST_CASE("shares that are private, and those without what is mounted below, "
          "are not followed") {
  for_each_way([](mount_fixture& f) {
    f.work.mount_tmpfs("source/inner");
    f.prepare();
    f.share("closed", f.work / "source", read_only);
    f.share("bare", f.work / "source",
            {access::read_only, submounts::leave, propagation::unmounts});
    CHECK_FALSE(f.kernel->follows_host());
    unmount_by_hand(f.work / "source/inner");
    CHECK(has_mount(mount_table(), f.shared("closed/inner")));
    f.cleanup();
  });
}

TEST_CASE("a source that does not answer is not asked when the host unmounts") {
  if (::geteuid() != 0 || !exists("/dev/fuse")) {
    MESSAGE("skipped: needs root and /dev/fuse");
    return;
  }
  for_each_way([](mount_fixture& f) {
    const auto hung = f.work.make_dir("source/hung");
    hanging_fuse fuse{hung, {{"sub", {}}}};
    f.work.mount_tmpfs("source/inner");
    f.prepare();
    f.share("ro", f.work / "source", follows);
    fuse.set_silence(hanging_fuse::silence::all);
    unmount_by_hand(f.work / "source/inner");
    CHECK(follow(f) == 1);
    unmount_by_hand(hung);
    auto seen = f.kernel->follow_host();
    REQUIRE(seen);
    CHECK(seen->detached.size() == 1);
    CHECK(fuse.waiting() == 0);
    fuse.set_silence(hanging_fuse::silence::none);
    seen->detached.clear();
    f.cleanup();
  });
}

TEST_CASE("a table of 600,000 mounts is looked through in little memory") {
  const temp_dir dir;
  constexpr std::uint64_t lines = 600'000;
  const auto path = dir / "mountinfo";
  {
    std::ofstream table{path};
    for (std::uint64_t id = 1; id <= lines; ++id)
      table << id << " 1 0:" << id % 1000
            << " / /var/lib/kubelet/pods/p/volumes/v" << id
            << " rw,relatime shared:" << id << " - tmpfs tmpfs rw,size=4k\n";
  }
  const std::set<std::uint64_t> wanted{1, lines / 2, lines, lines + 1};
  const auto before = peak_memory(::getpid());
  const auto begun = std::clock();
  const auto found = read_mounts(wanted, path);
  const auto cpu_ms = (std::clock() - begun) * 1000 / CLOCKS_PER_SEC;
  MESSAGE(cpu_ms, " ms of CPU");
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK(found->back().mount_point
        == "/var/lib/kubelet/pods/p/volumes/v" + std::to_string(lines));
  CHECK(peak_memory(::getpid()) - before < (std::uint64_t{8} << 20));
}

TEST_SUITE_END();
