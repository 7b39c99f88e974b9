// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"
#include "sys/mount/share_alias.hpp"
#include "sys/tree/volume_tree.hpp"
#include "tests/mounts/bind_kinds.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_text.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/mount.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr bind_options top_slave{access::read_write, submounts::leave,
                                 propagation::slave};

// Returns the paths below a directory at which the contents of a share can be
// read.
std::vector<std::string> secrets_below(const std::string& dir) {
  auto paths = tree_of(dir);
  std::erase_if(paths, [](const auto& path) {
    return !path.ends_with("/secret");
  });
  return paths;
}

// Returns the mounts outside the share root.
std::vector<mounted_entry> mounts_of_others(const mount_fixture& f) {
  auto table = mount_table();
  std::erase_if(table, [&f](const auto& entry) {
    return is_below(entry.mount_point, f.layout.share_root());
  });
  return table;
}

} // namespace

TEST_SUITE_BEGIN(
  "sys/mount/share_alias: binds of the share root, and of others");

TEST_CASE("a bind of what holds the share root shows no other sandbox's "
          "shares, nor later ones") {
  for (const auto flags : {0UL, static_cast<unsigned long>(MS_REC)})
    for_each_way([flags](mount_fixture& f) {
      f.work.write("private/secret", "x");
      f.work.write("outer/note", "y");
      const share_layout victim{f.layout.share_root(), "victim", "/guest"};
      const auto share_victim = [&f, &victim](const std::string& name) {
        f.must_run(plan_share(victim, name, f.work / "private", read_write));
      };
      if (flags == 0)
        bind_by_hand(f.work.path(), f.work.make_dir("outer/alias"));
      f.must_run(plan_prepare(victim, {}, submounts::take));
      share_victim("v");
      // A recursive bind is a copy of what is mounted by then.
      if (flags != 0)
        bind_by_hand(f.work.path(), f.work.make_dir("outer/alias"), flags);
      f.prepare();
      const slave_namespace guest;
      int number = 0;
      for (const auto& options : {read_write, read_only, slave, top_slave})
        for (const std::string source : {"outer", "outer/alias"}) {
          const auto name = "s" + std::to_string(number++);
          f.share(name, f.work / source, options);
          const auto seen = f.shared(name);
          share_victim("later" + name);
          // The user's own file, and nothing beside.
          const auto prefix
            = source == "outer" && options.submounts == submounts::take
                ? std::string{"/alias"}
                : std::string{};
          const auto expected = source == "outer" && prefix.empty()
                                  ? std::vector<std::string>{}
                                  : std::vector{prefix + "/private/secret"};
          CHECK(secrets_below(seen) == expected);
          CHECK(secrets_below(guest / seen) == expected);
          CHECK(secrets_below(victim.shared_dir()).size()
                == static_cast<std::size_t>(number) + 1);
        }
      f.cleanup();
      CHECK(secrets_below(victim.shared_dir()).size()
            == static_cast<std::size_t>(number) + 1);
      // Mounts that somebody copied hold our directories.
      unmount_by_hand(f.work / "outer/alias");
      f.must_run(plan_cleanup(victim));
      CHECK(tree_of(f.layout.share_root()).empty());
      CHECK(read_file(f.work / "private/secret") == "x");
    });
}

TEST_CASE("what leads into the share root by a bind is refused, as a link is") {
  for_each_way([](mount_fixture& f) {
    f.work.write("private/secret", "x");
    const share_layout victim{f.layout.share_root(), "victim", "/guest"};
    f.must_run(plan_prepare(victim, {}, submounts::take));
    f.must_run(plan_share(victim, "v", f.work / "private", read_write));
    f.prepare();
    bind_by_hand(f.layout.share_root(), f.work.make_dir("root"), MS_REC);
    bind_by_hand(victim.mounts_dir(), f.work.make_dir("mounts"), MS_REC);
    bind_by_hand(victim.sandbox_dir(), f.work.make_dir("sandbox"));
    const auto before = mount_table();
    for (const std::string source :
         {"root", "root/victim", "mounts", "mounts/v", "sandbox",
          "root/victim/mounts/v/secret"})
      for (const auto& options : {read_write, read_only, slave, top_slave})
        f.must_refuse_as_ours(source, options);
    CHECK(mount_table() == before);
    for (const std::string alias : {"root", "mounts", "sandbox"})
      unmount_by_hand(f.work / alias);
    f.cleanup();
    f.must_run(plan_cleanup(victim));
  });
}

TEST_CASE("what somebody bound below a sandbox keeps its original's mounts") {
  for_each_way([](mount_fixture& f) {
    bind_by_hand(f.work.make_dir("data"), f.work / "data");
    make_shared_by_hand(f.work / "data");
    f.work.mount_tmpfs("data/sub");
    f.work.write("data/sub/key", "precious");
    f.work.mount_tmpfs("data/sub/deep");
    for (const std::string where :
         {"mounts", "mounts/somedir", "mounts/c", "mounts/c/below", "shared",
          "private", "mounts/c1/rootfs"}) {
      INFO("bound at ", where);
      f.work.make_dir("source/below");
      f.prepare();
      f.share("c", f.work / "source", read_write);
      f.must_run(plan_rootfs(f.layout, "c1", f.work / "source", read_write));
      const auto target = f.layout.sandbox_dir() + "/" + where;
      f.work.make_dir("share/box/" + where);
      bind_by_hand(f.work / "data", target, MS_REC);
      // And hidden by another, which appears on the original, too.
      f.work.mount_tmpfs("share/box/" + where + "/sub");
      const auto others = mounts_of_others(f);
      const auto files = describe_tree(f.work / "data");
      if (where.starts_with("mounts/c")) {
        static_cast<void>(f.run(plan_unshare(f.layout, "c")));
        static_cast<void>(f.run(plan_unshare_rootfs(f.layout, "c1")));
      }
      f.cleanup();
      CHECK(mount_table() == others);
      CHECK(describe_tree(f.work / "data") == files);
      CHECK(tree_of(f.layout.share_root()).empty());
      unmount_by_hand(f.work / "data/sub");
      CHECK(read_file(f.work / "data/sub/key") == "precious");
    }
  });
}

TEST_CASE("the end of a share unmounts nothing in what somebody mounted over "
          "its container's directory") {
  for_each_way([](mount_fixture& f) {
    bind_by_hand(f.work.make_dir("data"), f.work / "data");
    make_shared_by_hand(f.work / "data");
    f.work.mount_tmpfs("data/rootfs");
    f.work.write("data/rootfs/key", "precious");
    f.prepare();
    f.must_run(plan_rootfs(f.layout, "c1", f.work / "source", read_write));
    bind_by_hand(f.work / "data", f.layout.container_dir("c1"), MS_REC);
    const auto before = mount_table();
    const auto done = f.run(plan_unshare_rootfs(f.layout, "c1"));
    REQUIRE(done);
    CHECK(!check_nothing_left(*done));
    CHECK(mount_table() == before);
    CHECK(read_file(f.work / "data/rootfs/key") == "precious");
    f.cleanup();
    CHECK(read_file(f.work / "data/rootfs/key") == "precious");
  });
}

TEST_CASE("mounts that propagated into a bind of what holds the share root go "
          "with the sandbox") {
  for_each_way([](mount_fixture& f) {
    bind_by_hand(f.work.path(), f.work.make_dir("alias"));
    const auto empty = mount_table();
    f.prepare();
    f.share("c", f.work / "source", read_write);
    f.must_run(plan_unshare(f.layout, "c"));
    f.share("d", f.work / "source", read_write);
    f.cleanup();
    CHECK(mount_table() == empty);
  });
}

TEST_CASE(
  "a copy of what holds the share root takes nothing that is mounted in "
  "it, and one of what lies there is refused, by a bind too") {
  for_each_way([](mount_fixture& f) {
    f.work.write("source/secret", "secret");
    f.work.mount_tmpfs("apart/inner");
    f.work.write("apart/inner/key", "inner");
    f.prepare();
    f.share("c", f.work / "source", read_only);
    const auto root = held_root::open(f.layout.share_root());
    REQUIRE(root);
    const auto copied = [&](const std::string& path) {
      const auto crossing = crossing_at(path, mount_crossing::cross, *root);
      REQUIRE(crossing);
      const auto tree = load_tree(path, read_limits{}, {*crossing, nullptr});
      REQUIRE(tree);
      std::vector<std::string> names;
      for (const auto& entry : (*tree)->entries)
        names.emplace_back(base_name(entry.path));
      return names;
    };
    const auto has
      = [](const std::vector<std::string>& names, const std::string& name) {
          return std::find(names.begin(), names.end(), name) != names.end();
        };
    const auto all = copied(f.work.path());
    CHECK(std::count(all.begin(), all.end(), "secret") == 1);
    CHECK_FALSE(has(
      copied(f.layout.share_root().substr(0, f.layout.share_root().rfind('/'))),
      "c"));
    CHECK(has(copied(f.work / "apart"), "key"));
    bind_by_hand(f.layout.shared_dir(), f.work.make_dir("alias"), MS_REC);
    for (const auto& path :
         {f.layout.shared_dir() + "/c", f.work / "alias", f.work / "alias/c"}) {
      const auto refused = crossing_at(path, mount_crossing::skip, *root);
      REQUIRE_MESSAGE(!refused, path);
      CHECK(refused.err().code == errc::invalid_argument);
    }
    unmount_by_hand(f.work / "alias");
    f.cleanup();
  });
}

TEST_SUITE_END();
