// SPDX-License-Identifier: Apache-2.0
#include "sys/volume_tree.hpp"

#include "tests/support/private_mounts.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

using strings = std::vector<std::string>;

strings paths(const tree_snapshot& tree) {
  strings out;
  for (const auto& entry : tree.entries)
    out.push_back(entry.path);
  return out;
}

const tree_entry& entry_at(const tree_snapshot& tree, std::string_view path) {
  const auto found = std::find_if(tree.entries.begin(), tree.entries.end(),
                                  [&](const tree_entry& entry) {
                                    return entry.path == path;
                                  });
  REQUIRE(found != tree.entries.end());
  return *found;
}

} // namespace

TEST_SUITE_BEGIN("sys/volume_tree: trees");

TEST_CASE("a tree is read without contents, links not followed") {
  temp_dir dir;
  dir.write("t/b/file", "hello");
  dir.write("t/a-b", "x");
  dir.make_dir("t/a/c");
  fs::create_symlink("/etc/passwd", dir / "t/link");
  fs::create_symlink("b", dir / "t/to-dir");
  const auto read = load_tree(dir / "t", {});
  REQUIRE(read);
  const auto& tree = **read;
  CHECK(paths(tree)
        == strings{"", "a", "a-b", "a/c", "b", "b/file", "link", "to-dir"});
  const auto& file = entry_at(tree, "b/file");
  CHECK(file.size == 5);
  CHECK_FALSE(file.content);
  CHECK(entry_at(tree, "link").target == "/etc/passwd");
  CHECK(entry_at(tree, "to-dir").type == entry_type::symlink);
  CHECK(tree.total_bytes == 6);
}

TEST_CASE("the root of a tree may be a file or a link") {
  temp_dir dir;
  dir.write("file", "hello");
  fs::create_symlink("file", dir / "link");
  const auto file = load_tree(dir / "file", {});
  REQUIRE(file);
  REQUIRE(paths(**file) == strings{""});
  CHECK((*file)->entries[0].type == entry_type::file);
  CHECK((*file)->entries[0].size == 5);
  const auto link = load_tree(dir / "link", {});
  REQUIRE(link);
  REQUIRE(paths(**link) == strings{""});
  CHECK((*link)->entries[0].target == "file");
  const auto missing = load_tree(dir / "missing", {});
  REQUIRE_FALSE(missing);
  CHECK(missing.err().code == errc::not_found);
}

TEST_CASE("special files are skipped with the reason, as the root too") {
  temp_dir dir;
  dir.make_dir("t");
  const auto pipe = dir / "t/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  REQUIRE(mknod((dir / "t/socket").c_str(), S_IFSOCK | 0600, 0) == 0);
  const auto tree = load_tree(dir / "t", {});
  REQUIRE(tree);
  CHECK(paths(**tree) == strings{""});
  CHECK((*tree)->skipped
        == skipped_list{{"pipe", "is a FIFO"}, {"socket", "is a socket"}});
  const auto root = load_tree(pipe, {});
  REQUIRE(root);
  CHECK((*root)->entries.empty());
  CHECK((*root)->skipped == skipped_list{{"", "is a FIFO"}});
  const auto device = load_tree("/dev/null", {});
  REQUIRE(device);
  CHECK((*device)->skipped == skipped_list{{"", "is a character device"}});
}

TEST_CASE("entries that vanish while a tree is read are left out") {
  bool seen_without = false;
  for (int at = 0;; ++at) {
    temp_dir dir;
    dir.write("t/a/file", "x");
    dir.write("t/b", "x");
    int reached = 0;
    const auto read = load_tree(dir / "t", {}, {}, [&] {
      if (reached++ == at)
        fs::remove_all(dir / "t/a");
    });
    if (reached <= at)
      break;
    REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
    CHECK(entry_at(**read, "b").size == 1);
    seen_without = seen_without || (*read)->entries.size() == 2;
  }
  CHECK(seen_without);
}

TEST_CASE("a directory swapped for a link leads nowhere") {
  for (int at = 0;; ++at) {
    temp_dir dir;
    dir.write("outside/secret", "x");
    dir.write("t/a/file", "x");
    int reached = 0;
    const auto read = load_tree(dir / "t", {}, {}, [&] {
      if (reached++ == at) {
        fs::remove_all(dir / "t/a");
        fs::create_symlink("../outside", dir / "t/a");
      }
    });
    if (reached <= at)
      break;
    REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
    for (const auto& entry : (*read)->entries)
      CHECK(entry.path != "a/secret");
  }
}

TEST_CASE("names, links and skipped entries count while they are read, and "
          "nothing beyond the limit is collected") {
  temp_dir dir;
  dir.make_dir("t");
  read_limits limits;
  limits.names_bytes = 100'000;
  CHECK(load_tree(dir / "t", limits));
  const std::string long_name(200, 'n');
  for (int n = 0; n < 1000; ++n)
    REQUIRE(mkfifo((dir / ("t/" + std::to_string(n) + long_name)).c_str(), 0600)
            == 0);
  const auto fifos = load_tree(dir / "t", limits);
  REQUIRE_FALSE(fifos);
  CHECK(fifos.err().code == errc::resource_exhausted);
  CHECK(fifos.err().message.find("copy.limits.names_bytes")
        != std::string::npos);
  CHECK(load_tree(dir / "t", {}));
  fs::remove_all(dir / "t");
  dir.make_dir("t");
  for (int n = 0; n < 30; ++n)
    fs::create_symlink(std::string(4000, 'x'),
                       dir / ("t/" + std::to_string(n)));
  CHECK_FALSE(load_tree(dir / "t", limits));
  limits.names_bytes = 200'000;
  CHECK(load_tree(dir / "t", limits));
}

TEST_CASE("of many skipped entries the first are listed, the others counted") {
  temp_dir dir;
  dir.make_dir("t");
  constexpr std::uint64_t many = 1500;
  for (std::uint64_t n = 0; n < many; ++n)
    REQUIRE(mkfifo((dir / ("t/" + std::to_string(n))).c_str(), 0600) == 0);
  const auto read = load_tree(dir / "t", {});
  REQUIRE(read);
  const auto& skipped = (*read)->skipped;
  CHECK(skipped.listed().size() == skipped_list::most_listed);
  CHECK(skipped.more() == many - skipped_list::most_listed);
}

TEST_CASE("a walk ends soon after nobody waits for it any more") {
  temp_dir dir;
  for (int n = 0; n < 100; ++n)
    dir.write("t/" + std::to_string(n), "");
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  int reached = 0;
  tree_options options;
  options.stop = stop;
  const auto read = load_tree(dir / "t", {}, options, [&] {
    if (++reached == 10)
      *stop = true;
  });
  REQUIRE_FALSE(read);
  CHECK(read.err().code == errc::aborted);
  CHECK(reached < 15);
  *stop = false;
  reached = 100;
  CHECK(load_tree(dir / "t", {}, options));
}

TEST_CASE("limits count for trees too") {
  temp_dir dir;
  dir.write("t/file", "12345");
  const auto few = load_tree(dir / "t", {1, 100, 100});
  REQUIRE_FALSE(few);
  CHECK(few.err().code == errc::resource_exhausted);
  const auto small = load_tree(dir / "t/file", {1, 4, 100});
  REQUIRE_FALSE(small);
  CHECK(small.err().code == errc::resource_exhausted);
  CHECK(load_tree(dir / "t", {2, 5, 5}));
}

TEST_CASE("mount points in a tree are skipped unless they are crossed") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: " << work.unavailable());
    return;
  }
  work.write("t/file", "x");
  work.make_dir("t/bound");
  work.make_dir("t/tmpfs");
  work.write("source/inner", "x");
  work.mount_tmpfs("t/tmpfs");
  // Of the same file system: nothing but the mount itself gives it away.
  bind_by_hand(work / "source", work / "t/bound");
  bind_by_hand(work / "source/inner", work.write("t/file-mount", ""));
  const auto skipped = load_tree(work / "t", {});
  REQUIRE(skipped);
  CHECK(paths(**skipped) == strings{"", "file"});
  const std::string reason = "is a mount point";
  CHECK((*skipped)->skipped
        == skipped_list{
          {"bound", reason}, {"file-mount", reason}, {"tmpfs", reason}});
  const auto crossed
    = load_tree(work / "t", {}, tree_options{mount_crossing::cross});
  REQUIRE(crossed);
  CHECK(paths(**crossed)
        == strings{"", "bound", "bound/inner", "file", "file-mount", "tmpfs"});
  CHECK(load_tree(work / "t/bound", {}));
}

TEST_CASE("filesystems of the kernel are never read, crossed or as the root") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: " << work.unavailable());
    return;
  }
  work.write("t/file", "x");
  bind_by_hand("/proc/sys", work.make_dir("t/proc"));
  bind_by_hand("/sys/kernel", work.make_dir("t/sys"));
  const auto crossed
    = load_tree(work / "t", {}, tree_options{mount_crossing::cross});
  REQUIRE(crossed);
  CHECK(paths(**crossed) == strings{"", "file"});
  const std::string reason = "is on a filesystem of the kernel";
  CHECK((*crossed)->skipped == skipped_list{{"proc", reason}, {"sys", reason}});
  for (const auto* root : {"/proc/sys/kernel", "/proc/version", "/sys/kernel"})
    for (const auto mounts : {mount_crossing::cross, mount_crossing::skip}) {
      CAPTURE(root);
      const auto read = load_tree(root, {}, tree_options{mounts});
      REQUIRE(read);
      CHECK((*read)->entries.empty());
      CHECK((*read)->skipped == skipped_list{{"", reason}});
    }
}

TEST_SUITE_END();
