// SPDX-License-Identifier: Apache-2.0
#include "sys/file_chunk.hpp"

#include "tests/support/temp_dir.hpp"

#include <filesystem>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

std::string text_of(const result<file_chunk>& chunk) {
  REQUIRE(chunk);
  return std::string{as_text(*chunk->data)};
}

} // namespace

TEST_SUITE_BEGIN("sys/file_chunk");

TEST_CASE("any part of a file below a root can be read") {
  temp_dir dir;
  dir.write("t/d/file", "0123456789");
  const auto source = open_chunk_source(dir / "t", "d/file");
  REQUIRE(source);
  CHECK(text_of(load_chunk(**source, 0, 10)) == "0123456789");
  const auto part = load_chunk(**source, 3, 4);
  CHECK(text_of(part) == "3456");
  CHECK(part->missing == 0);
  CHECK(text_of(load_chunk(**source, 0, 0)).empty());
}

TEST_CASE("the root itself may be the file") {
  temp_dir dir;
  dir.write("file", "text");
  const auto source = open_chunk_source(dir / "file", "");
  REQUIRE(source);
  CHECK(text_of(load_chunk(**source, 0, 4)) == "text");
}

TEST_CASE("a file that has shrunk is filled up with zeros and reported") {
  temp_dir dir;
  const auto path = dir.write("file", "0123456789");
  const auto source = open_chunk_source(path, "");
  REQUIRE(source);
  fs::resize_file(path, 6);
  const auto part = load_chunk(**source, 4, 4);
  CHECK(text_of(part) == std::string("45\0\0", 4));
  CHECK(part->missing == 2);
  const auto beyond = load_chunk(**source, 8, 2);
  CHECK(text_of(beyond) == std::string(2, '\0'));
  CHECK(beyond->missing == 2);
}

TEST_CASE("a file that has grown is cut") {
  temp_dir dir;
  const auto path = dir.write("file", "0123");
  const auto source = open_chunk_source(path, "");
  REQUIRE(source);
  fs::resize_file(path, 100);
  CHECK(text_of(load_chunk(**source, 0, 4)) == "0123");
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
