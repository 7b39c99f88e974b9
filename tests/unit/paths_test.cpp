// SPDX-License-Identifier: Apache-2.0
#include "core/ids.hpp"
#include "core/paths.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("core/paths");

TEST_CASE("clean absolute paths are accepted") {
  for (const char* path : {"/", "/a", "/a/b", "/a/..data", "/a/.b", "/a/b c"})
    CHECK_MESSAGE(check_path("source", path), path);
}

TEST_CASE("other paths are refused with a sentence that names them") {
  for (const char* path : {"", "a", "a/b", "/a/", "//a", "/a//b", "/a/./b",
                           "/a/../b", "/..", "/a/.."}) {
    const auto checked = check_path("source", path);
    REQUIRE_MESSAGE(!checked, path);
    CHECK(checked.err().code == errc::invalid_argument);
    CHECK(checked.err().message.starts_with("source '" + std::string{path}));
  }
  CHECK(!check_path("source", std::string("/a\0b", 4)));
  CHECK(!check_path("source", "/" + std::string(256, 'a')));
  std::string deep;
  while (deep.size() < 4096)
    deep += "/0123456789abcde";
  CHECK(!check_path("source", deep));
}

TEST_CASE("a normal path has neither empty nor dot components") {
  CHECK(normal_path("/a//b/./c/") == "/a/b/c");
  CHECK(normal_path("///") == "/");
  CHECK(normal_path("/a/../b") == "/a/../b");
}

TEST_CASE("paths are joined and taken apart") {
  CHECK(join("/a", "b") == "/a/b");
  CHECK(join("/", "b") == "/b");
  CHECK(join("/a", "") == "/a");
  CHECK(join("", "b") == "b");
  CHECK(base_name("/a/b") == "b");
  CHECK(base_name("b") == "b");
  CHECK(parent_path("/a/b") == "/a");
  CHECK(parent_path("/a") == "/");
  CHECK(parent_path("a").empty());
  CHECK(first_component("a/b/c") == "a");
  CHECK(first_component("a") == "a");
}

TEST_CASE("being below is a matter of components, not of text") {
  CHECK(is_below("/a/b", "/a"));
  CHECK(is_below("/a", "/"));
  CHECK_FALSE(is_below("/ab", "/a"));
  CHECK_FALSE(is_below("/a", "/a"));
  CHECK_FALSE(is_below("/", "/"));
}

TEST_CASE("ids are file names that lead nowhere else") {
  for (const char* id : {"a", "0", "A.b-c_d", "c0ffee"})
    CHECK_MESSAGE(check_id("sandbox_id", id), id);
  for (const char* id : {"", ".", "..", "-a", "_a", "a/b", "a b", "a\n", "ä"}) {
    const auto checked = check_id("sandbox_id", id);
    REQUIRE_MESSAGE(!checked, id);
    CHECK(checked.err().message.starts_with("sandbox_id '"));
  }
  CHECK(check_id("sandbox_id", std::string(128, 'a')));
  CHECK(!check_id("sandbox_id", std::string(129, 'a')));
}

TEST_SUITE_END();
