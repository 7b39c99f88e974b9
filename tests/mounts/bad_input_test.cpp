// SPDX-License-Identifier: Apache-2.0
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <filesystem>
#include <fstream>
#include <sys/mount.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// More mounts than this take too long to make.
constexpr std::size_t most_mounts = 200'000;

// Puts a tmpfs on the share root that takes only so much.
void limit_share_root(mount_fixture& f, const std::string& limits) {
  REQUIRE(
    ::mount("small", f.layout.share_root().c_str(), "tmpfs", 0, limits.c_str())
    == 0);
  f.start();
}

std::size_t mount_max() {
  std::size_t most = 0;
  std::ifstream{"/proc/sys/fs/mount-max"} >> most;
  return most;
}

// Doubles the mounts below a directory until there are at least `wanted`.
void multiply_mounts(const std::string& dir, std::size_t wanted) {
  for (std::size_t count = 1; count < wanted; count *= 2) {
    const auto copy = dir + "/" + std::to_string(count);
    std::filesystem::create_directory(copy);
    bind_by_hand(dir, copy, MS_REC);
  }
}

} // namespace

TEST_SUITE_BEGIN("mounts: bad input");

TEST_CASE("a full share root fails each plan with one sentence, undone") {
  for_each_way([](mount_fixture& f) {
    const std::vector<sandbox_bind> binds{{f.work / "source", true}};
    const auto prepare = plan_prepare(f.layout, binds, submounts::take);
    std::size_t failures = 0;
    // The root takes one.
    for (int inodes = 2; inodes < 32; ++inodes) {
      limit_share_root(f, "nr_inodes=" + std::to_string(inodes));
      const auto before = mount_table();
      const auto done = f.run(prepare);
      if (!done) {
        ++failures;
        CHECK(done.err().code == errc::resource_exhausted);
        CHECK_MESSAGE(done.err().message.ends_with("No space left on device"),
                      done.err().message);
        CHECK(done.err().message.find("undo") == std::string::npos);
        CHECK(mount_table() == before);
        CHECK(tree_of(f.layout.share_root()).empty());
      } else {
        f.cleanup();
      }
      unmount_by_hand(f.layout.share_root());
    }
    CHECK(failures >= 5);
    CHECK(failures < 30);
  });
}

TEST_CASE("where there is no room for the mark, nothing stays") {
  for_each_way([](mount_fixture& f) {
    limit_share_root(f, "size=4k");
    f.work.write("share/filler", std::string(4096, 'x'));
    const auto before = mount_table();
    const auto done = f.run(plan_prepare(f.layout, {}, submounts::take));
    REQUIRE(!done);
    CHECK(done.err().code == errc::resource_exhausted);
    CHECK(done.err().message.find(f.layout.mark_path()) != std::string::npos);
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root())
          == std::vector<std::string>{"/filler"});
    unmount_by_hand(f.layout.share_root());
  });
}

TEST_CASE("a source removed between the steps is what was checked, or fails") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.work.make_dir("short-lived");
    const auto before = mount_table();
    const auto plan = checked_plan(
      plan_share(f.layout, "c", f.work / "short-lived", read_only));
    const auto session = f.kernel->begin(plan);
    REQUIRE(session);
    (*session)->give(open_sources(plan));
    REQUIRE((*session)->apply(plan.steps[0]));
    std::filesystem::remove(f.work / "short-lived");
    // Somebody else's, under the name that was checked.
    f.work.write("short-lived/key", "other");
    const auto bound = (*session)->apply(plan.steps[1]);
    if (!bound)
      CHECK_MESSAGE(bound.err().message.ends_with("No such file or directory"),
                    bound.err().message);
    CHECK_FALSE(exists(f.shared("c/key")));
    f.must_run(plan_unshare(f.layout, "c"));
    CHECK(mount_table() == before);
    CHECK(read_file(f.work / "short-lived/key") == "other");
  });
}

TEST_CASE("a source that leads through a file or in circles fails at once") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    std::filesystem::create_symlink("circle", f.work / "circle");
    const auto before = mount_table();
    const auto files = describe_tree(f.work.path());
    const auto too_long = f.run(
      plan_share(f.layout, "c", f.work / std::string(300, 'n'), read_only));
    REQUIRE(!too_long);
    CHECK(too_long.err().code == errc::invalid_argument);
    for (const auto& source :
         {f.work / "circle", f.work / "source/key/below"}) {
      const auto done = f.run(plan_share(f.layout, "c", source, read_only));
      REQUIRE(!done);
      CHECK(done.err().message.starts_with("make mount point "));
      CHECK(done.err().message.find("open " + source) != std::string::npos);
      CHECK(mount_table() == before);
      CHECK(describe_tree(f.work.path()) == files);
    }
  });
}

TEST_CASE("a path of all the bytes that Linux takes can be shared") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    const auto before = mount_table();
    constexpr std::size_t most = 4095;
    auto path = f.work / "deep";
    while (path.size() + 202 < most)
      path += "/" + std::string(200, 'd');
    path += "/" + std::string(most - path.size() - 1, 'd');
    REQUIRE(path.size() == most);
    std::filesystem::create_directories(path);
    f.share("c", path, read_only);
    CHECK(mount_at(mount_table(), f.shared("c")).has_option("ro"));
    f.must_run(plan_unshare(f.layout, "c"));
    CHECK(mount_table() == before);
    const auto longer = f.run(plan_share(f.layout, "c", path + "x", read_only));
    REQUIRE(!longer);
    CHECK(longer.err().code == errc::invalid_argument);
  });
}

TEST_CASE("a busy share ends all the same") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    f.prepare();
    f.share("c", f.work / "source", read_write);
    const auto home = std::filesystem::current_path();
    std::filesystem::current_path(f.shared("c"));
    // A plain umount2(2) would not do.
    CHECK(::umount2(f.shared("c").c_str(), UMOUNT_NOFOLLOW) != 0);
    f.cleanup();
    std::filesystem::current_path(home);
    CHECK(mount_table() == before);
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("no mount is left where fs.mount-max is reached") {
  const auto most = mount_max();
  // A skipped test is none that passed.
  REQUIRE_MESSAGE(most != 0, "no /proc/sys/fs/mount-max");
  if (most > most_mounts) {
    MESSAGE("skipped: fs.mount-max is ", most);
    return;
  }
  for_each_way([most](mount_fixture& f) {
    f.prepare();
    const auto many = f.work.mount_tmpfs("many");
    make_private_by_hand(many);
    multiply_mounts(many, most / 2);
    const auto before = mount_table();
    const auto done = f.run(plan_share(f.layout, "c", many, read_only));
    REQUIRE(!done);
    CHECK(done.err().code == errc::resource_exhausted);
    CHECK_MESSAGE(done.err().message.ends_with("fs.mount-max is reached"),
                  done.err().message);
    CHECK(mount_table() == before);
    CHECK_FALSE(exists(f.layout.host_share("c")));
    f.cleanup();
  });
}

TEST_SUITE_END();
