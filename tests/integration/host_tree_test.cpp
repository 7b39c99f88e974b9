// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/volume_tree.hpp"

#include "tests/support/private_mounts.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree_entries.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

using strings = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("sys/tree/volume_tree: trees");

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

TEST_CASE("a mount that is dead or does not answer is skipped with its reason, "
          "and what is beside it is read") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: " << work.unavailable());
    return;
  }
  work.write("t/file", "x");
  for (const bool answers_nothing : {true, false}) {
    CAPTURE(answers_nothing);
    unique_fd server{open("/dev/fuse", O_RDWR | O_CLOEXEC)};
    REQUIRE(server);
    const auto options = "fd=" + std::to_string(server.get())
                         + ",rootmode=40000,user_id=0,group_id=0";
    const auto at = work.make_dir("t/fuse");
    REQUIRE(mount("none", at.c_str(), "fuse", 0, options.c_str()) == 0);
    if (!answers_nothing)
      server.reset();
    const auto skipped = load_tree(work / "t", {});
    REQUIRE(skipped);
    CHECK(paths(**skipped) == strings{"", "file"});
    CHECK((*skipped)->skipped == skipped_list{{"fuse", "is a mount point"}});
    if (!answers_nothing) {
      const auto crossed
        = load_tree(work / "t", {}, tree_options{mount_crossing::cross});
      REQUIRE(crossed);
      CHECK(paths(**crossed) == strings{"", "file"});
      CHECK((*crossed)->skipped
            == skipped_list{{"fuse", "cannot be read: stat fuse: Transport "
                                     "endpoint is not connected"}});
    }
    REQUIRE(umount2(at.c_str(), MNT_DETACH) == 0);
  }
}

TEST_CASE("paths beyond PATH_MAX are skipped with the reason, and all else is "
          "read") {
  temp_dir dir;
  dir.write("t/zz/ok", "x");
  const std::string name(100, 'n');
  unique_fd at{open((dir / "t").c_str(), O_PATH | O_CLOEXEC)};
  for (int n = 0; n < 60; ++n) {
    REQUIRE(mkdirat(at.get(), name.c_str(), 0700) == 0);
    at = unique_fd{openat(at.get(), name.c_str(), O_PATH | O_CLOEXEC)};
    REQUIRE(at);
  }
  const auto read = load_tree(dir / "t", {});
  REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
  // 40 names of 100 bytes, and the slashes between them.
  CHECK((*read)->entries.size() == 1 + 40 + 2);
  CHECK(entry_at(**read, "zz/ok").size == 1);
  REQUIRE((*read)->skipped.size() == 1);
  CHECK((*read)->skipped.front().reason
        == "its path in the guest has more than 4095 bytes");
  at.reset();
  // std::filesystem opens paths as they are.
  REQUIRE(std::system(("rm -rf '" + dir / "t" + "'").c_str()) == 0);
}

TEST_CASE("a device that takes the name of a file is not opened while a volume "
          "is read") {
  for (int at = 0;; ++at) {
    temp_dir dir;
    dir.write("v/..2026_01_01_00_00_00.1/key", "x");
    fs::create_symlink("..2026_01_01_00_00_00.1", dir / "v/..data");
    const auto pipe = dir / "pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const unique_fd watcher{inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    REQUIRE(inotify_add_watch(watcher.get(), pipe.c_str(), IN_OPEN) > 0);
    int reached = 0;
    static_cast<void>(load_generation(dir / "v", default_volume_limits, [&] {
      if (reached++ == at)
        fs::rename(pipe, dir / "v/..2026_01_01_00_00_00.1/key");
    }));
    std::array<char, 4096> events{};
    CHECK(read(watcher.get(), events.data(), events.size()) < 0);
    if (reached <= at)
      break;
  }
}

TEST_CASE("holes do not count towards limits, and hard links, attributes and "
          "links that lead out are counted") {
  temp_dir dir;
  const auto path = dir.write("t/sparse", "x");
  fs::resize_file(path, std::uint64_t{41} << 30);
  dir.write("t/linked", "x");
  fs::create_hard_link(dir / "t/linked", dir / "t/again");
  fs::create_symlink("/x", dir / "t/out");
  const auto read = load_tree(dir / "t", {100, 100'000, 100'000});
  REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
  const auto& sparse = entry_at(**read, "sparse");
  CHECK(sparse.size == std::uint64_t{41} << 30);
  CHECK(sparse.size - sparse.hole_bytes < 100'000);
  CHECK((*read)->losses.hard_links == 2);
  CHECK((*read)->losses.outward_links == 1);
  CHECK((*read)->losses.times == 5);
  CHECK((*read)->most_bytes == 100'000);
}

namespace {

// Reads a tree with all volumes of Secrets denied.
result<tree_snapshot_ptr> read_without_secrets(const std::string& path,
                                               mount_crossing mounts) {
  copy_rules rules;
  rules.secret = copy_rule::deny;
  volume_judge judge{{rules, {}}, [] {}};
  tree_options options{mounts};
  options.judge = &judge;
  return load_tree(path, {}, options);
}

} // namespace

TEST_CASE(
  "a volume that must not be copied is told by every name that it has") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: " << work.unavailable());
    return;
  }
  const std::string reason
    = "its category is secret, and copy.categories.secret is deny";
  const std::string volume = "k/pods/u/volumes/kubernetes.io~secret/s";
  work.make_dir(volume);
  work.mount_tmpfs(volume);
  work.write(volume + "/..1/key", "x");
  const std::string on_disk = "k/pods/u/volumes/kubernetes.io~secret/d";
  work.write(on_disk + "/key", "x");
  work.write("t/file", "x");
  // Binds of the volume, of a part of it, of what holds one, and of a file.
  bind_by_hand(work / volume, work.make_dir("t/whole"));
  bind_by_hand(work / (volume + "/..1"), work.make_dir("t/part"));
  bind_by_hand(work / (volume + "/..1/key"), work.write("t/key", ""));
  bind_by_hand(work / "k/pods/u/volumes", work.make_dir("t/holder"));
  const auto read = read_without_secrets(work / "t", mount_crossing::cross);
  REQUIRE(read);
  CHECK(paths(**read)
        == strings{"", "file", "holder", "holder/kubernetes.io~secret"});
  CHECK((*read)->skipped
        == skipped_list{{"holder/kubernetes.io~secret/d", reason},
                        {"holder/kubernetes.io~secret/s", reason},
                        {"key", reason},
                        {"part", reason},
                        {"whole", reason}});
  for (const char* path : {"t/whole", "t/part", "t/key"}) {
    const auto root = read_without_secrets(work / path, mount_crossing::skip);
    REQUIRE_FALSE(root);
    CHECK(
      root.err()
      == error{errc::permission_denied, "copy " + work / path + ": " + reason});
  }
  // What is mounted at a volume's place is of the volume by that name, too.
  work.write("data/inner/f", "x");
  bind_by_hand(work / "data/inner",
               work.make_dir("k/pods/v/volumes/kubernetes.io~secret/x"));
  const auto original
    = read_without_secrets(work / "data", mount_crossing::skip);
  REQUIRE(original);
  CHECK((*original)->skipped == skipped_list{{"inner", reason}});
  CHECK(load_tree(work / "t/whole", {}));
}

TEST_CASE("a file of a volume that must not be copied is told by its hard "
          "links, and others with hard links are copied") {
  temp_dir dir;
  dir.write("k/pods/u/volumes/kubernetes.io~secret/s/..1/key", "x");
  dir.write("t/file", "x");
  fs::create_hard_link(dir / "k/pods/u/volumes/kubernetes.io~secret/s/..1/key",
                       dir / "t/alias");
  fs::create_hard_link(dir / "t/file", dir / "t/other");
  for (const auto rule : {copy_rule::empty, copy_rule::deny}) {
    copy_rules rules;
    rules.secret = rule;
    volume_judge judge{{rules, {dir / "k"}}, [] {}};
    tree_options options;
    options.judge = &judge;
    const auto read = load_tree(dir / "t", {}, options);
    REQUIRE(read);
    CHECK(paths(**read) == strings{"", "file", "other"});
    CHECK((*read)->skipped
          == skipped_list{{"alias", denial(copy_category::secret, rule)}});
  }
}

TEST_CASE("of what is emptied the root is read, and nothing in it") {
  const temp_dir dir;
  dir.write("t/sub/file", "text");
  dir.write("file", "text");
  fs::create_symlink("/secret", dir / "link");
  fs::permissions(dir / "file", fs::perms{0640});
  tree_options options;
  options.is_emptied = true;
  read_limits tight;
  tight.entries = 1;
  tight.total_bytes = 0;
  for (const auto* name : {"t", "file", "link"}) {
    CAPTURE(name);
    const auto read = load_tree(dir / name, tight, options);
    REQUIRE_MESSAGE(read, (read ? "" : read.err().message));
    const auto& entries = (*read)->entries;
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].path.empty());
    const bool is_directory = std::string{name} == "t";
    CHECK(entries[0].type
          == (is_directory ? entry_type::directory : entry_type::file));
    CHECK(entries[0].size == 0);
    CHECK(entries[0].target.empty());
    CHECK((entries[0].content != nullptr) == !is_directory);
    CHECK((*read)->total_bytes == 0);
  }
  CHECK((*load_tree(dir / "file", tight, options))->entries[0].mode == 0640);
}

TEST_SUITE_END();
