// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/file_look.hpp"
#include "sys/tree/open_beneath.hpp"
#include "tests/support/private_mounts.hpp"

#include <cerrno>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/mount.h>
#include <sys/stat.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

// Makes one of everything.
void fill(const private_mounts& work) {
  work.write("base/dir/file", "x");
  work.write("base/dir/mount/hidden", "x");
  work.mount_tmpfs("base/dir/mount");
  work.write("base/dir/mount/inside", "inside");
  work.make_dir("base/same");
  bind_by_hand(work / "base/dir", work / "base/same");
  work.write("base/covered", "x");
  bind_by_hand(work / "base/dir/file", work / "base/covered");
  std::filesystem::create_symlink("dir", work / "base/link");
  std::filesystem::create_symlink("nowhere", work / "base/dangling");
  std::filesystem::create_symlink(work / "base/dir/file", work / "base/far");
  ::mkfifo((work / "base/fifo").c_str(), 0600);
}

const std::vector<std::string> paths{
  ".",          "dir",       "dir/file", "dir/mount", "dir/mount/inside",
  "same",       "same/file", "covered",  "link",      "link/file",
  "dangling",   "far",       "fifo",     "missing",   "missing/x",
  "dir/file/x", "/"};

struct opened {
  int failure = 0;
  std::string path;
};

template <class Way>
opened open_with(Way way, int base, const std::string& path, int flags,
                 mount_crossing mounts) {
  const auto fd = way(base, path, flags, mounts);
  if (!fd)
    return {errno, {}};
  const auto real = real_path(fd.get(), path);
  REQUIRE(real);
  return {0, *real};
}

} // namespace

TEST_SUITE_BEGIN("sys: older ways of newer system calls");

TEST_CASE("step by step the same is opened, and the same refused") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  fill(work);
  const unique_fd base{::open((work / "base").c_str(), O_PATH | O_CLOEXEC)};
  for (const auto& path : paths)
    for (const auto flags : {O_PATH, O_PATH | O_DIRECTORY,
                             O_RDONLY | O_NONBLOCK, O_RDONLY | O_DIRECTORY})
      for (const auto mounts : {mount_crossing::skip, mount_crossing::cross}) {
        INFO(path, " flags ", flags, " ",
             mounts == mount_crossing::skip ? "skip" : "cross");
        const auto newer
          = open_with(open_beneath, base.get(), path, flags, mounts);
        const auto older
          = open_with(open_by_steps, base.get(), path, flags, mounts);
        CHECK(older.failure == newer.failure);
        CHECK(older.path == newer.path);
      }
  for (const auto* path : {"..", "dir/../dir", "/etc"})
    CHECK(
      open_with(open_by_steps, base.get(), path, O_PATH, mount_crossing::cross)
        .failure
      == EXDEV);
}

TEST_CASE("stat and proc tell of a name what statx tells") {
  const private_mounts work;
  if (!work.unavailable().empty()) {
    MESSAGE("skipped: ", work.unavailable());
    return;
  }
  fill(work);
  const unique_fd base{::open((work / "base").c_str(), O_PATH | O_CLOEXEC)};
  for (const auto& path : paths) {
    INFO(path);
    const auto newer = look(base.get(), path.c_str(), AT_SYMLINK_NOFOLLOW);
    const auto older
      = look_by_stat(base.get(), path.c_str(), AT_SYMLINK_NOFOLLOW);
    CHECK(older.failure == newer.failure);
    CHECK(older.mode == newer.mode);
    CHECK(older.size == newer.size);
    CHECK(older.uid == newer.uid);
    CHECK(older.device == newer.device);
    CHECK(older.inode == newer.inode);
    if (path.find('/') == std::string::npos)
      CHECK(older.is_mount_root == newer.is_mount_root);
  }
}

TEST_SUITE_END();
