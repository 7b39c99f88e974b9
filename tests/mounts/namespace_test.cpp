// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "sys/mount/mount_namespace.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/shim_namespace.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sys/mount.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

mount_namespace seen_at(const shim_namespace& shim) {
  const auto opened = open_namespace(shim.path());
  REQUIRE(opened);
  return (*opened)->which();
}

// Runs a plan for a sandbox of that namespace, its sources opened there.
result<plan_done> run_in(mount_fixture& f, const mount_namespace& where,
                         mount_plan plan) {
  plan.mount_namespace = where;
  opened_sources sources;
  if (const auto opened = open_same_namespace(where)) {
    const auto inside = entered_namespace::enter(**opened);
    REQUIRE(inside);
    sources = open_sources(plan);
  }
  return run(plan, *f.kernel, std::move(sources));
}

void must_run_in(mount_fixture& f, const mount_namespace& where,
                 const result<mount_plan>& plan) {
  REQUIRE(plan);
  const auto done = run_in(f, where, *plan);
  REQUIRE_MESSAGE(done, (done ? "" : done.err().message));
  const auto nothing_left = check_nothing_left(*done);
  REQUIRE_MESSAGE(nothing_left,
                  (nothing_left ? "" : nothing_left.err().message));
}

void check_gone(const result<plan_done>& done) {
  REQUIRE(!done);
  CHECK(done.err().code == errc::failed_precondition);
  CHECK_MESSAGE(done.err().message.find(" is gone: ") != std::string::npos,
                done.err().message);
}

result<mount_plan> prepared(const mount_fixture& f) {
  return plan_prepare(f.layout, {}, submounts::take);
}

// Shares what is to lose what the host unmounts.
void share_followed(mount_fixture& f, const mount_namespace& where,
                    const std::string& volumes) {
  must_run_in(f, where, prepared(f));
  must_run_in(
    f, where,
    plan_share(f.layout, "ro", volumes,
               {access::read_only, submounts::take, propagation::unmounts}));
}

std::size_t mounts_below(const std::vector<mounted_entry>& table,
                         const std::string& dir) {
  return static_cast<std::size_t>(
    std::count_if(table.begin(), table.end(), [&](const auto& entry) {
      return is_below(entry.mount_point, dir);
    }));
}

// A shim with a root filesystem that nobody else sees, shared as `c1`.
struct shim_with_rootfs {
  explicit shim_with_rootfs(mount_fixture& f)
    : source(f.work / "rootfs"), where(seen_at(shim)) {
    shim.mount_tmpfs(source, "bin", "program");
    must_run_in(f, where, prepared(f));
    must_run_in(f, where, plan_rootfs(f.layout, "c1", source, read_write));
  }

  shim_namespace shim;
  std::string source;
  mount_namespace where;
};

} // namespace

TEST_SUITE_BEGIN("sys/mount/kernel_mount: in the mount namespace of a shim");

TEST_CASE("a root filesystem that only a shim sees is shared, and read by its "
          "file server and by nobody else") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    const shim_namespace other;
    const auto others = other.mounts().size();
    shim_with_rootfs s{f};
    const shim_namespace late{namespace_kind::file_server, s.shim};
    must_run_in(f, s.where,
                plan_share(f.layout, "ro", f.work / "source", read_only));
    const auto seen = f.shared("c1/rootfs/bin");
    CHECK(read_file(late / seen) == "program");
    CHECK(read_file(late / f.shared("ro/key")) == "value");
    CHECK(write_failure(late / f.shared("ro/key")) == EROFS);
    CHECK(write_failure(late / f.layout.host_share("ro") + "/key") == EROFS);
    // Here and with others there are nothing but empty places for it.
    CHECK(mount_table() == before);
    CHECK_FALSE(exists(seen));
    CHECK(other.mounts().size() == others);
    must_run_in(f, s.where, plan_unshare(f.layout, "ro"));
    CHECK_FALSE(exists(late / f.shared("ro")));
    must_run_in(f, s.where, plan_cleanup(f.layout));
    CHECK(tree_of(f.layout.share_root()).empty());
    CHECK(mounts_below(s.shim.mounts(), f.layout.share_root()) == 0);
    CHECK(mounts_below(late.mounts(), f.layout.share_root()) == 0);
    CHECK(read_file(s.shim / (s.source + "/bin")) == "program");
  });
}

TEST_CASE("when its shim has died what is shared goes with it, nothing holds "
          "it, and the rest is taken away") {
  for_each_way([](mount_fixture& f) {
    const auto before = mount_table();
    shim_with_rootfs s{f};
    must_run_in(f, s.where,
                plan_share(f.layout, "c", f.work / "source", read_only));
    unmount_watch rootfs{s.shim / s.source};
    s.shim.kill();
    CHECK(rootfs.is_gone());
    for (const bool is_reaped : {false, true}) {
      INFO("reaped: ", is_reaped);
      check_gone(run_in(
        f, s.where,
        checked_plan(plan_share(f.layout, "d", f.work / "source", read_only))));
      check_gone(run_in(f, s.where,
                        checked_plan(plan_rootfs(
                          f.layout, "c2", f.work / "source", read_only))));
      if (!is_reaped)
        s.shim.reap();
    }
    CHECK(exists(f.layout.host_share("c")));
    must_run_in(f, s.where, plan_unshare(f.layout, "c"));
    CHECK_FALSE(exists(f.layout.host_share("c")));
    must_run_in(f, s.where, plan_unshare(f.layout, "c"));
    must_run_in(f, s.where, checked_plan(plan_unshare_rootfs(f.layout, "c1")));
    must_run_in(f, s.where, plan_cleanup(f.layout));
    CHECK(tree_of(f.layout.share_root()).empty());
    CHECK(mount_table() == before);
    CHECK(read_file(f.work / "source/key") == "value");
    // Another one of its name, of a new shim.
    shim_with_rootfs next{f};
    must_run_in(f, next.where, plan_cleanup(f.layout));
  });
}

TEST_CASE(
  "what a user has in a sandbox's directory stays when the namespace is "
  "gone") {
  for_each_way([](mount_fixture& f) {
    shim_with_rootfs s{f};
    s.shim.kill();
    const auto file = f.layout.mounts_dir() + "/users";
    f.work.write("share/box/mounts/users", "data");
    const auto done = run_in(f, s.where, plan_cleanup(f.layout));
    REQUIRE(done);
    REQUIRE(done->foreign.size() == 1);
    CHECK(done->foreign.front().path == file);
    CHECK(read_file(file) == "data");
  });
}

TEST_CASE("a path that leads to another namespace by now is told, where "
          "numbers are given out again, too") {
  for_each_way([](mount_fixture& f) {
    shim_with_rootfs s{f};
    const shim_namespace other;
    const auto others = other.mounts();
    auto renamed = s.where;
    renamed.path = other.path();
    // As a kernel has it that gives out no other numbers, with those of `s`.
    auto reused = seen_at(other);
    reused.id = 0;
    for (const auto& wrong : {renamed, reused})
      check_gone(run_in(
        f, wrong,
        checked_plan(plan_share(f.layout, "d", f.work / "source", read_only))));
    CHECK(other.mounts() == others);
    // Where Prepare was is told as before.
    s.where.id = 0;
    must_run_in(f, s.where,
                plan_share(f.layout, "d", f.work / "source", read_only));
    must_run_in(f, s.where, plan_cleanup(f.layout));
  });
}

TEST_CASE("a share root that is another directory there, or none, is refused, "
          "and nothing is made") {
  for_each_way([](mount_fixture& f) {
    const shim_namespace shim;
    const auto where = seen_at(shim);
    shim.mount_tmpfs(f.layout.share_root(), "theirs", "");
    const auto table = shim.mounts();
    auto done = run_in(f, where, checked_plan(prepared(f)));
    REQUIRE(!done);
    CHECK(done.err().code == errc::failed_precondition);
    CHECK(done.err().message
          == "share root " + f.layout.share_root() + " in mount namespace "
               + where.path + " is another directory than here");
    CHECK(shim.mounts() == table);
    CHECK(tree_of(f.layout.share_root()).empty());
    // Not even what takes away goes on elsewhere: nobody knows what is there.
    done = run_in(f, where, plan_cleanup(f.layout));
    CHECK(!done);
    const shim_namespace bare;
    bare.run([&] {
      REQUIRE(::mount("bare", f.work.path().c_str(), "tmpfs", 0, nullptr) == 0);
    });
    done = run_in(f, seen_at(bare), checked_plan(prepared(f)));
    REQUIRE(!done);
    CHECK(done.err().code == errc::failed_precondition);
    CHECK(done.err().message.find(" cannot be reached: ") != std::string::npos);
  });
}

TEST_CASE("what the host unmounts goes from a share that only a shim sees") {
  for_each_way([](mount_fixture& f) {
    // As the host's is: what is unmounted there is unmounted with the shim.
    const auto volumes = f.work.mount_tmpfs("volumes");
    make_shared_by_hand(volumes);
    const auto inner = f.work.mount_tmpfs("volumes/inner");
    f.work.write("volumes/inner/key", "inner");
    const shim_namespace shim;
    const auto where = seen_at(shim);
    share_followed(f, where, volumes);
    CHECK(read_file(shim / f.shared("ro/inner/key")) == "inner");
    CHECK(f.kernel->follows_host());
    unmount_watch device{inner};
    unmount_by_hand(inner);
    auto seen = f.kernel->follow_host();
    REQUIRE(seen);
    CHECK(seen->is_all);
    CHECK(seen->detached.size() == 1);
    seen->detached.clear();
    CHECK(device.is_gone());
    CHECK_FALSE(exists(shim / f.shared("ro/inner/key")));
    f.work.mount_tmpfs("volumes/late");
    CHECK_FALSE(exists(shim / f.shared("ro/late/key")));
    must_run_in(f, where, plan_cleanup(f.layout));
    CHECK_FALSE(f.kernel->follows_host());
  });
}

TEST_CASE("what is followed in a namespace ends with it") {
  for_each_way([](mount_fixture& f) {
    const auto volumes = f.work.mount_tmpfs("volumes");
    make_shared_by_hand(volumes);
    f.work.mount_tmpfs("volumes/inner");
    shim_namespace shim;
    const auto where = seen_at(shim);
    share_followed(f, where, volumes);
    REQUIRE(f.kernel->follows_host());
    shim.kill();
    const auto seen = f.kernel->follow_host();
    REQUIRE(seen);
    CHECK(seen->is_all);
    CHECK_FALSE(f.kernel->follows_host());
    must_run_in(f, where, plan_cleanup(f.layout));
  });
}

TEST_CASE("another process finds what is mounted in the namespaces of its "
          "sandboxes, and says of one that is gone that it is") {
  for_each_way([](mount_fixture& f) {
    shim_with_rootfs s{f};
    f.start();
    const std::vector<sandbox_places> asked{
      {f.layout, {f.layout.host_rootfs("c1")}, s.where},
      {share_layout{f.layout.share_root(), "else", "/guest"}, {}}};
    auto seen = f.kernel->look_at(asked);
    REQUIRE(seen);
    CHECK(seen->front().unreachable.empty());
    CHECK(seen->front().bears_mark);
    CHECK(seen->front().has_mounts);
    CHECK(seen->front().places.at(f.layout.host_rootfs("c1"))
          == seen_place::mounted);
    CHECK_FALSE(seen->back().bears_mark);
    must_run_in(f, s.where,
                plan_share(f.layout, "c", f.work / "source", read_only));
    s.shim.kill();
    f.start();
    seen = f.kernel->look_at(asked);
    REQUIRE(seen);
    CHECK_FALSE(seen->front().has_mounts);
    CHECK_MESSAGE(seen->front().unreachable.find(" is gone: ")
                    != std::string::npos,
                  seen->front().unreachable);
    must_run_in(f, s.where, plan_cleanup(f.layout));
    CHECK(tree_of(f.layout.share_root()).empty());
  });
}

TEST_CASE("a plan that fails in a namespace is undone there") {
  for_each_way([](mount_fixture& f) {
    shim_with_rootfs s{f};
    const auto before = s.shim.mounts();
    const auto tree = tree_of(f.layout.share_root());
    const auto done = run_in(
      f, s.where,
      checked_plan(plan_rootfs(f.layout, "c2", f.work / "missing", read_only)));
    REQUIRE(!done);
    CHECK(done.err().code == errc::not_found);
    CHECK(s.shim.mounts() == before);
    CHECK(tree_of(f.layout.share_root()) == tree);
    must_run_in(f, s.where, plan_cleanup(f.layout));
  });
}
