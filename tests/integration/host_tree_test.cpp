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
        == std::vector<skipped_entry>{{"pipe", "is a FIFO"},
                                      {"socket", "is a socket"}});
  const auto root = load_tree(pipe, {});
  REQUIRE(root);
  CHECK((*root)->entries.empty());
  CHECK((*root)->skipped == std::vector<skipped_entry>{{"", "is a FIFO"}});
  const auto device = load_tree("/dev/null", {});
  REQUIRE(device);
  CHECK((*device)->skipped
        == std::vector<skipped_entry>{{"", "is a character device"}});
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
        == std::vector<skipped_entry>{
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
  CHECK((*crossed)->skipped
        == std::vector<skipped_entry>{{"proc", reason}, {"sys", reason}});
  for (const auto* root : {"/proc/sys/kernel", "/proc/version", "/sys/kernel"})
    for (const auto mounts : {mount_crossing::cross, mount_crossing::skip}) {
      CAPTURE(root);
      const auto read = load_tree(root, {}, tree_options{mounts});
      REQUIRE(read);
      CHECK((*read)->entries.empty());
      CHECK((*read)->skipped == std::vector<skipped_entry>{{"", reason}});
    }
}

TEST_SUITE_END();
