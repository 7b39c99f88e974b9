// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_query.hpp"
#include "sys/mount/share_alias.hpp"
#include "sys/unique_fd.hpp"
#include "tests/mounts/bind_kinds.hpp"
#include "tests/support/mount_fixture.hpp"
#include "tests/support/temp_dir.hpp"

#include <fcntl.h>
#include <filesystem>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

bool can_ask(const mount_fixture& f) {
  if (!f.work.unavailable().empty()) {
    MESSAGE("skipped: ", f.work.unavailable());
    return false;
  }
  const unique_fd root{::open("/", O_PATH | O_CLOEXEC)};
  const auto mount = mount_query::id_of(root.get());
  if (mount && mount_query{}.look_at(*mount))
    return true;
  MESSAGE("skipped: needs statmount, Linux 6.11");
  return false;
}

/// The mount table of this thread, not to be opened (ENXIO).
class hidden_table {
public:
  explicit hidden_table(const mount_fixture& f)
    : table_("/proc/self/task/" + std::to_string(::gettid()) + "/mountinfo") {
    const unique_fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = f.work / "no-table";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof address)
            == 0);
    bind_by_hand(path, table_);
    std::filesystem::remove(path);
  }
  ~hidden_table() {
    unmount_by_hand(table_);
  }
  hidden_table(const hidden_table&) = delete;
  hidden_table& operator=(const hidden_table&) = delete;

private:
  std::string table_;
};

// Checks that what is asked for tells of a source what the table tells.
source_place check_place(const std::string& path, const held_root& root) {
  INFO(path);
  const unique_fd source{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  REQUIRE(source);
  auto whole = read_mount_places(mount_details::places);
  auto asked = places_at_issue(source.get(), root.fd(), source_extent::tree);
  REQUIRE(whole);
  REQUIRE(asked);
  CHECK(asked->table().size() <= whole->table().size());
  const auto expected
    = place_in(*std::move(whole), source.get(), root, source_extent::tree);
  const auto found
    = place_in(*std::move(asked), source.get(), root, source_extent::tree);
  REQUIRE(expected);
  REQUIRE(found);
  CHECK(*found == *expected);
  return *found;
}

} // namespace

TEST_SUITE_BEGIN("sys/mount/mount_query: mounts that are asked for");

TEST_CASE("the mounts that are asked for tell where a source lies, as the "
          "table does, whoever moves what") {
  mount_fixture f{{mount_api_choice::new_api, parent_mount::closed}};
  if (!can_ask(f))
    return;
  using enum source_place;
  f.prepare();
  f.work.mount_tmpfs("other");
  f.work.write("other/deep/file", "x");
  f.share("c", f.work / "other/deep", read_write);
  const auto root = held_root::open(f.layout.share_root());
  REQUIRE(root);
  const auto check = [&](const std::string& name, source_place wanted) {
    CHECK(check_place(f.work / name, *root) == wanted);
  };
  check(".", holds_share_root);
  check("source", apart);
  check("source/key", apart);
  check("other", apart);
  check("share", in_share_root);
  // Of another file system, on a mount in the share root.
  CHECK(check_place(f.layout.host_share("c"), *root) == in_share_root);
  CHECK(check_place(f.shared("c") + "/file", *root) == in_share_root);

  bind_by_hand(f.work.path(), f.work.make_dir("other/deep/alias"));
  check("other", holds_share_root);
  check("other/deep", holds_share_root);
  check("other/deep/file", apart);
  check("other/deep/alias/share", in_share_root);
  check("other/deep/alias/source", apart);
  REQUIRE(std::filesystem::create_directory(f.work / "other/aside"));
  std::filesystem::rename(f.work / "other/deep", f.work / "other/aside/deep");
  check("other/aside", holds_share_root);
  // A mount that was made before the last look gets below a source.
  REQUIRE(std::filesystem::create_directory(f.work / "source/later"));
  check("source", apart);
  const auto alias = f.work / "other/aside/deep/alias";
  REQUIRE(::mount(alias.c_str(), (f.work / "source/later").c_str(), nullptr,
                  MS_MOVE, nullptr)
          == 0);
  check("source", holds_share_root);
  check("other", apart);
  unmount_by_hand(f.work / "source/later");
  check("source", apart);
  // Nothing but a mount of another file system is between.
  f.work.mount_tmpfs("source/later");
  check("source", apart);
  bind_by_hand(f.layout.mounts_dir(), f.work.make_dir("source/later/m"));
  check("source", holds_share_root);
  check("source/later", holds_share_root);
  check("source/later/m", in_share_root);
  unmount_by_hand(f.work / "source/later/m");
  unmount_by_hand(f.work / "source/later");
  f.cleanup();
}

TEST_CASE("a mount that was made long before it was put below a source is "
          "seen there") {
  mount_fixture f{{mount_api_choice::new_api, parent_mount::closed}};
  if (!can_ask(f))
    return;
  const auto root = held_root::open(f.layout.share_root());
  REQUIRE(root);
  const unique_fd early{::open_tree(AT_FDCWD, f.work.path().c_str(),
                                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)};
  REQUIRE(early);
  f.work.mount_tmpfs("source/inner");
  const auto to = f.work.make_dir("source/to");
  CHECK(check_place(f.work / "source", *root) == source_place::apart);
  REQUIRE(
    ::move_mount(early.get(), "", AT_FDCWD, to.c_str(), MOVE_MOUNT_F_EMPTY_PATH)
    == 0);
  CHECK(check_place(f.work / "source", *root)
        == source_place::holds_share_root);
  unmount_by_hand(to);
}

TEST_CASE("neither a share nor its end reads the mount table") {
  for (const auto parent : {parent_mount::closed, parent_mount::shared}) {
    mount_fixture f{{mount_api_choice::new_api, parent}};
    if (!can_ask(f))
      return;
    f.prepare();
    const auto before = mount_table();
    {
      const hidden_table hidden{f};
      REQUIRE_FALSE(read_mount_places());
      int number = 0;
      for (const auto& options : {read_only, read_write, follows, slave})
        for (const std::string source : {"source", "source/key"}) {
          const auto name = "s" + std::to_string(number++);
          f.share(name, f.work / source, options);
          // One that is in use ends by another way.
          const unique_fd used{number % 2 == 0 ? -1
                                               : ::open(f.shared(name).c_str(),
                                                        O_RDONLY | O_CLOEXEC)};
          f.must_run(plan_unshare(f.layout, name));
        }
    }
    CHECK(mount_table() == before);
    f.cleanup();
  }
}

TEST_CASE("what is mounted on a file after it was opened is not shared") {
  for_each_way([](mount_fixture& f) {
    f.prepare();
    f.work.write("over", "over");
    const auto plan = checked_plan(
      plan_share(f.layout, "c", f.work / "source/key", read_only));
    const auto opened = open_sources(plan);
    bind_by_hand(f.work / "over", f.work / "source/key");
    REQUIRE(fsshare::run(plan, *f.kernel, opened));
    CHECK(read_file(f.shared("c")) == "value");
    unmount_by_hand(f.work / "source/key");
    f.cleanup();
  });
}
