// SPDX-License-Identifier: Apache-2.0
#include "sys/mountinfo.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

TEST_SUITE_BEGIN("sys/mountinfo");

TEST_CASE("a mount table is read with its propagation and its escapes") {
  const auto table = parse_mountinfo(
    "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:22 - ext3 "
    "/dev/root rw,errors=continue\n"
    "37 36 0:5 / /a\\134b ro,nosuid - tmpfs none rw\n");

  REQUIRE(table);
  REQUIRE(table->size() == 2);
  const auto& first = table->front();
  CHECK(first.id == 36);
  CHECK(first.parent == 35);
  CHECK(first.device == "98:0");
  CHECK(first.root == "/mnt1");
  CHECK(first.mount_point == "/mnt 2");
  CHECK(first.master == 1);
  CHECK(first.peer_group == 22);
  CHECK(first.fs_type == "ext3");
  CHECK(first.source == "/dev/root");
  const auto& second = table->back();
  CHECK(second.mount_point == "/a\\b");
  CHECK(second.peer_group == 0);
  CHECK(second.has_option("nosuid"));
  CHECK(second.has_option("ro"));
  CHECK_FALSE(second.has_option("nosu"));
  CHECK_FALSE(second.has_option("rw"));
}

TEST_CASE("what is handed on of each mount is what a table says of its place") {
  const test::temp_dir dir;
  const auto path = dir.write(
    "table", "36 35 98:0 /mnt1 /a\\040b rw,noatime master:1 - ext3 /dev/r rw\n"
             "40 36 0:30 / /a\\040b/c\\134 ro shared:4 - tmpfs none rw\n"
             "41 40 0:30 /\\011 /plain rw - tmpfs none rw\n");
  const auto whole = read_mountinfo(path);
  REQUIRE(whole);
  REQUIRE(whole->size() == 3);
  CHECK(whole->at(1).mount_point == "/a b/c\\");
  std::vector<mounted_entry> places;
  REQUIRE(scan_mounts(path, [&places](const mounted_entry& entry) {
    places.push_back(entry);
  }));
  auto expected = *whole;
  for (auto& entry : expected) {
    entry.options.clear();
    entry.fs_type.clear();
    entry.source.clear();
    entry.peer_group = entry.master = 0;
  }
  CHECK((places == expected));
}

TEST_CASE("a line that is no mount is named") {
  for (const char* line :
       {"x 35 98:0 / / rw - ext3 a rw", "36", "", "36 35 98:0 / / rw shared:1",
        "36 35 98:0 / / rw", "36 35 98:0 / / rw shared:x - ext3 a rw"}) {
    const auto table = parse_mountinfo("36 35 98:0 / / rw - ext3 a rw\n"
                                       + std::string{line} + "\n");
    REQUIRE_MESSAGE(!table, line);
    CHECK(table.err().code == errc::data_loss);
    CHECK(table.err().message.starts_with("line 2 "));
  }
}

TEST_CASE("a mount is covered by what was mounted on it or further up") {
  const auto mounted
    = [](std::uint64_t id, std::uint64_t parent, const std::string& at) {
        mounted_entry entry;
        entry.id = id;
        entry.parent = parent;
        entry.mount_point = at;
        return entry;
      };
  const std::vector<mounted_entry> table{
    mounted(1, 0, "/a"),     mounted(2, 1, "/a/b/c"), mounted(3, 2, "/a/b/c/d"),
    mounted(4, 1, "/a/b"),   mounted(5, 4, "/a/b"),   mounted(6, 5, "/a/b/c"),
    mounted(7, 1, "/a/b-c"), mounted(8, 4, "/a/b/e"),
  };
  std::vector<std::uint64_t> covered;
  for (const auto& entry : table)
    if (is_covered(entry, table))
      covered.push_back(entry.id);
  CHECK(covered == std::vector<std::uint64_t>{2, 3, 4, 8});
}

TEST_CASE("a table whose parents go in a circle is no trouble") {
  const auto table = parse_mountinfo("1 2 0:1 / /a rw - tmpfs a rw\n"
                                     "2 3 0:1 / /b rw - tmpfs b rw\n"
                                     "3 1 0:1 / /c rw - tmpfs c rw\n"
                                     "4 4 0:1 / /d rw - tmpfs d rw\n"
                                     "2 3 0:1 / /e rw - tmpfs e rw\n");
  REQUIRE(table);
  for (const auto& entry : *table)
    CHECK_FALSE(is_covered(entry, *table));
}

TEST_SUITE_END();
