// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/file_chunk.hpp"

#include "core/copy/tree_snapshot.hpp"
#include "tests/support/temp_dir.hpp"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <limits>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

constexpr auto any = std::numeric_limits<std::uint64_t>::max();
const std::function<void()> nothing = [] {};

bool operator==(const result<file_shape>& got, const file_shape& wanted) {
  return got && *got == wanted;
}

std::string text_of(const result<file_chunk>& chunk) {
  REQUIRE(chunk);
  return std::string{as_text(*chunk->data)};
}

} // namespace

TEST_SUITE_BEGIN("sys/tree/file_chunk");

TEST_CASE("any part of a file below a root can be read") {
  temp_dir dir;
  dir.write("t/d/file", "0123456789");
  const auto source = open_chunk_source(dir / "t", "d/file");
  REQUIRE(source);
  CHECK(text_of(load_chunk(**source, 0, 10)) == "0123456789");
  const auto part = load_chunk(**source, 3, 4);
  CHECK(text_of(part) == "3456");
  CHECK_FALSE(part->changed);
  CHECK(text_of(load_chunk(**source, 0, 0)).empty());
}

TEST_CASE("the root itself may be the file") {
  temp_dir dir;
  dir.write("file", "text");
  const auto source = open_chunk_source(dir / "file", "");
  REQUIRE(source);
  CHECK(text_of(load_chunk(**source, 0, 4)) == "text");
}

TEST_CASE("a file that has shrunk gives what it has, never zeros, and shows "
          "that it has changed") {
  temp_dir dir;
  const auto path = dir.write("file", "0123456789");
  const auto source = open_chunk_source(path, "");
  REQUIRE(source);
  fs::resize_file(path, 6);
  const auto part = load_chunk(**source, 4, 4);
  CHECK(text_of(part) == "45");
  CHECK(part->changed);
  CHECK(text_of(load_chunk(**source, 8, 2)).empty());
  CHECK(find_shape(**source, any, nothing) == file_shape{6});
}

TEST_CASE("a file that has grown gives what was asked for, and its new size") {
  temp_dir dir;
  const auto path = dir.write("file", "0123");
  const auto source = open_chunk_source(path, "");
  REQUIRE(source);
  fs::resize_file(path, 100);
  CHECK(text_of(load_chunk(**source, 0, 4)) == "0123");
  CHECK(load_whole(**source, 4, nothing)->data->size() == 5);
  CHECK(find_shape(**source, any, nothing) == file_shape{100});
}

TEST_CASE("a file that changes while it is read whole is read again, and shows "
          "that it has changed if that goes on") {
  for (const int times : {1, 2, 100}) {
    temp_dir dir;
    const auto path = dir.write("file", "0123");
    const auto source = open_chunk_source(path, "");
    REQUIRE(source);
    int left = times;
    const auto whole = load_whole(**source, 4, [&] {
      if (left-- > 0)
        dir.write("file", "9876");
    });
    CHECK(text_of(whole) == "9876");
    CHECK(whole->changed == (times > 2));
  }
}

TEST_CASE("files of which stat does not tell the size are read to their end") {
  // proc(5) tells 0, sysfs(5) a page.
  for (const char* path :
       {"/proc/self/status", "/proc/cpuinfo", "/sys/kernel/uevent_seqnum"}) {
    CAPTURE(path);
    const auto source = open_chunk_source(path, "");
    REQUIRE(source);
    const auto told = static_cast<std::uint64_t>((*source)->opened().st_size);
    const auto shape = find_shape(**source, any, nothing);
    REQUIRE(shape);
    CHECK(shape->size != told);
    CHECK(shape->size > 0);
    CHECK(text_of(load_chunk(**source, 0, shape->size)).size() == shape->size);
    CHECK(text_of(load_chunk(**source, 0, 1 << 20)).find('\0')
          == std::string::npos);
  }
}

TEST_CASE("a file of which stat does not tell that it is too large is refused "
          "with the limit, and read no further") {
  const auto source = open_chunk_source("/proc/self/status", "");
  REQUIRE(source);
  const auto shape = find_shape(**source, 16, nothing);
  REQUIRE_FALSE(shape);
  CHECK(shape.err()
        == error{errc::resource_exhausted,
                 "/proc/self/status has more bytes than the limit of 16"
                   + std::string{file_limit_key}});
}

TEST_CASE("holes are found, but for small ones, and both ends are data") {
  temp_dir dir;
  const auto path = dir.write("file", "");
  constexpr std::uint64_t mib = std::uint64_t{1} << 20;
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(ftruncate(fd, 20 * mib) == 0);
  const std::string data(3 * mib / 2, 'x');
  REQUIRE(pwrite(fd, data.data(), data.size(), 4 * mib)
          == static_cast<ssize_t>(data.size()));
  close(fd);
  const auto source = open_chunk_source(path, "");
  REQUIRE(source);
  const auto shape = find_shape(**source, 2 * mib, nothing);
  REQUIRE(shape);
  CHECK(*shape
        == file_shape{
          20 * mib,
          {{0, 1}, {4 * mib, mib}, {5 * mib, mib / 2}, {20 * mib - 1, 1}}});
  CHECK_FALSE(find_shape(**source, mib, nothing));
}

TEST_CASE("neither a device nor a FIFO is opened, whatever takes a file's "
          "name") {
  temp_dir dir;
  dir.write("t/file", "x");
  REQUIRE(mkfifo((dir / "t/pipe").c_str(), 0600) == 0);
  std::vector<std::string> names{"pipe"};
  // Without root, a FIFO stands for both.
  if (mknod((dir / "t/device").c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0)
    names.emplace_back("device");
  const int watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  std::array<char, 4096> events{};
  for (const auto& name : names) {
    const auto path = dir / ("t/" + name);
    REQUIRE(inotify_add_watch(watcher, path.c_str(), IN_OPEN) > 0);
    CHECK_FALSE(open_chunk_source(dir / "t", name));
    CHECK_FALSE(open_chunk_source(path, ""));
  }
  CHECK(read(watcher, events.data(), events.size()) < 0);
  REQUIRE(inotify_add_watch(watcher, (dir / "t/file").c_str(), IN_OPEN) > 0);
  CHECK(open_chunk_source(dir / "t", "file"));
  CHECK(read(watcher, events.data(), events.size()) > 0);
  close(watcher);
}

TEST_CASE("an open source outlives the name of its file") {
  temp_dir dir;
  const auto path = dir.write("file", "text");
  const auto source = open_chunk_source(path, "");
  REQUIRE(source);
  fs::remove(path);
  CHECK(text_of(load_chunk(**source, 0, 4)) == "text");
}

TEST_CASE("what is no file below the root is not opened") {
  temp_dir dir;
  dir.write("secret", "x");
  dir.write("t/d/file", "x");
  fs::create_symlink("../secret", dir / "t/link");
  fs::create_symlink("d", dir / "t/to-dir");
  REQUIRE(mkfifo((dir / "t/pipe").c_str(), 0600) == 0);
  for (const char* path :
       {"link", "to-dir/file", "../secret", "missing", "d", "pipe"})
    CHECK_FALSE_MESSAGE(open_chunk_source(dir / "t", path), path);
  CHECK_FALSE(open_chunk_source(dir / "t/link", ""));
  CHECK_FALSE(open_chunk_source(dir / "t/to-dir", "file"));
  const auto missing = open_chunk_source(dir / "t", "missing");
  CHECK(missing.err().code == errc::not_found);
  const auto pipe = open_chunk_source(dir / "t", "pipe");
  CHECK(pipe.err().code == errc::failed_precondition);
}

TEST_SUITE_END();
