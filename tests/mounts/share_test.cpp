// SPDX-License-Identifier: Apache-2.0
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/mount.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

TEST_SUITE_BEGIN("sys/mount/kernel_mount: shares");

TEST_CASE("a read-write share shows the source and takes writes") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.share("c-1-key", f.work / "source", read_write);
    CHECK(read_file(f.shared("c-1-key/key")) == "value");
    std::ofstream{f.shared("c-1-key/new")} << "from the guest";
    CHECK(read_file(f.work / "source/new") == "from the guest");
  });
}

TEST_CASE("a read-only share cannot be written where the guest sees it") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    // Before the share, as the file server of a running guest is.
    const slave_namespace guest;
    f.share("ro", f.work / "source", read_only);
    f.share("rw", f.work / "source", read_write);
    for (const auto& side :
         {f.shared("ro/key"), f.layout.host_share("ro") + "/key",
          guest / f.shared("ro/key"),
          guest / (f.layout.host_share("ro") + "/key")}) {
      CHECK_MESSAGE(read_file(side) == "value", side);
      CHECK_MESSAGE(write_failure(side) == EROFS, side);
    }
    CHECK(write_failure(guest / f.shared("rw/key")) == 0);
    CHECK(write_failure(f.work / "source/key") == 0);
  });
}

TEST_CASE("a single file is shared read-write and read-only") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const slave_namespace guest;
    const auto file = f.work / "source/key";
    f.share("rw", file, read_write);
    f.share("ro", file, read_only);
    CHECK(write_failure(guest / f.shared("rw")) == 0);
    CHECK(write_failure(guest / f.shared("ro")) == EROFS);
    CHECK(read_file(guest / f.shared("ro")) == "value");
  });
}

TEST_CASE("a source behind a symbolic link is shared, not the link") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    std::filesystem::create_symlink(f.work / "source", f.work / "link");
    f.share("c", f.work / "link", read_write);
    CHECK(read_file(f.shared("c/key")) == "value");
  });
}

TEST_CASE("nosuid, nodev and noexec of a source stay on its shares") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const slave_namespace guest;
    const auto volume
      = f.work.mount_tmpfs("volume", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    f.share("ro", volume, read_only);
    f.share("rw", volume, read_write);
    for (const auto* name : {"ro", "rw"}) {
      const auto made = mount_at(guest.mounts(), f.shared(name));
      for (const auto* flag : {"nosuid", "nodev", "noexec"})
        CHECK_MESSAGE(made.has_option(flag), name, ": ", made.options);
      CHECK(made.has_option(name));
    }
    CHECK(mount_at(mount_table(), volume).has_option("rw"));
  });
}

// So a container of fsshared must have the kubelet's root writable.
TEST_CASE("what is mounted read-only for us is so in every share of it") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const slave_namespace guest;
    const auto seen = f.work / "seen";
    std::filesystem::create_directory(seen);
    const auto source = f.work / "source";
    REQUIRE(::mount(source.c_str(), seen.c_str(), nullptr, MS_BIND, nullptr)
            == 0);
    f.share("before", seen, read_write);
    REQUIRE(::mount(nullptr, seen.c_str(), nullptr,
                    MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr)
            == 0);
    f.share("after", seen, read_write);
    CHECK(write_failure(guest / f.shared("before/key")) == 0);
    CHECK(write_failure(guest / f.shared("after/key")) == EROFS);
    CHECK(::umount2(seen.c_str(), MNT_DETACH) == 0);
  });
}

TEST_CASE("mounts below a source come along, read-only like the share") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const slave_namespace guest;
    const auto inner = f.work.mount_tmpfs("source/inner", MS_NOSUID);
    f.work.write("source/inner/key", "inner");
    f.share("ro", f.work / "source", read_only);
    f.share("rw", f.work / "source", read_write);
    CHECK(read_file(guest / f.shared("ro/inner/key")) == "inner");
    CHECK(write_failure(guest / f.shared("ro/inner/key")) == EROFS);
    CHECK(write_failure(guest / f.shared("rw/inner/key")) == 0);
    CHECK(mount_at(guest.mounts(), f.shared("ro/inner")).has_option("nosuid"));
    CHECK(mount_at(mount_table(), inner).has_option("rw"));
  });
}

TEST_CASE("mounts below a source stay behind when told so") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.work.mount_tmpfs("source/inner");
    f.work.write("source/inner/key", "inner");
    f.share("c", f.work / "source",
            {access::read_only, submounts::leave, propagation::closed});
    CHECK(exists(f.shared("c/inner")));
    CHECK_FALSE(exists(f.shared("c/inner/key")));
  });
}

TEST_CASE("unsharing leaves the mounts below the source alone") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.work.mount_tmpfs("source/inner");
    f.work.write("source/inner/key", "inner");
    const auto before = mount_table();
    for (const auto flow : {propagation::closed, propagation::slave}) {
      f.share("c", f.work / "source",
              {access::read_write, submounts::take, flow});
      CHECK(mount_table() != before);
      f.must_run(plan_unshare(f.layout, "c"));
      CHECK(mount_table() == before);
    }
    CHECK(read_file(f.work / "source/inner/key") == "inner");
  });
}

TEST_CASE("a slave share sees what the host mounts later, a private does not") {
  mount_fixture f{{mount_api_choice::automatic, parent_mount::shared}};
  if (!f.work.unavailable().empty()) {
    MESSAGE("skipped: ", f.work.unavailable());
    return;
  }
  f.prepare();
  f.share("slave", f.work / "source",
          {access::read_write, submounts::take, propagation::slave});
  f.share("private", f.work / "source", read_write);
  f.work.mount_tmpfs("source/late");
  f.work.write("source/late/key", "late");
  CHECK(exists(f.shared("slave/late/key")));
  CHECK_FALSE(exists(f.shared("private/late/key")));
}

TEST_CASE("unsharing works while a file in the share is open, and twice") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto before = mount_table();
    f.share("c", f.work / "source", read_write);
    const int open_file = ::open(f.shared("c/key").c_str(), O_RDONLY);
    REQUIRE(open_file >= 0);
    f.must_run(plan_unshare(f.layout, "c"));
    CHECK(mount_table() == before);
    CHECK_FALSE(exists(f.layout.host_share("c")));
    const auto again = f.run(plan_unshare(f.layout, "c"));
    REQUIRE(again);
    CHECK(again->changed == 0);
    ::close(open_file);
    CHECK(read_file(f.work / "source/key") == "value");
  });
}

TEST_CASE("a missing source fails the share and leaves nothing") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto before = mount_table();
    const auto tree = tree_of(f.layout.sandbox_dir());
    const auto missing = f.work / "missing";
    const auto failed = f.run(plan_share(f.layout, "c", missing, read_only));
    REQUIRE(!failed);
    CHECK(failed.err().code == errc::not_found);
    CHECK(failed.err().message
          == "make mount point " + f.layout.host_share("c") + " for " + missing
               + ": open " + missing + ": No such file or directory");
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.sandbox_dir()) == tree);
  });
}

TEST_CASE("a symbolic link in place of a target is refused") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto victim = f.work.make_dir("victim");
    std::filesystem::create_symlink(victim, f.layout.host_share("c"));
    std::filesystem::create_symlink(victim, f.layout.container_dir("box1"));
    const auto before = mount_table();
    const auto file
      = f.run(plan_share(f.layout, "c", f.work / "source", read_write));
    REQUIRE(!file);
    CHECK(file.err().code == errc::already_exists);
    CHECK(!f.run(plan_rootfs(f.layout, "box1", f.work / "source", read_write)));
    CHECK(mount_table() == before);
    CHECK(tree_of(victim).empty());
  });
}

TEST_CASE("a source swapped between the steps is not mounted") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.work.write("other/key", "other");
    const auto plan = plan_share(f.layout, "c", f.work / "source", read_write);
    REQUIRE(plan);
    const auto session = f.kernel->begin(*plan);
    REQUIRE(session);
    (*session)->give(open_sources(*plan));
    REQUIRE((*session)->apply(plan->steps[0]));
    std::filesystem::rename(f.work / "source", f.work / "moved");
    std::filesystem::create_symlink(f.work / "other", f.work / "source");
    REQUIRE((*session)->apply(plan->steps[1]));
    CHECK(read_file(f.shared("c/key")) == "value");
  });
}

TEST_CASE("a root file system is shared and unshared, twice") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto before = mount_table();
    f.must_run(plan_rootfs(f.layout, "c", f.work / "source", read_write));
    CHECK(read_file(f.shared("c/rootfs/key")) == "value");
    const auto unshare = plan_unshare_rootfs(f.layout, "c");
    f.must_run(unshare);
    CHECK(mount_table() == before);
    CHECK_FALSE(exists(f.layout.container_dir("c")));
    const auto again = f.run(unshare);
    REQUIRE(again);
    CHECK(again->changed == 0);
    CHECK(again->leftovers.empty());
  });
}

TEST_SUITE_END();
