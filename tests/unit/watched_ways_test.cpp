// SPDX-License-Identifier: Apache-2.0
#include "core/volume/watched_ways.hpp"
#include "sys/mount/mount_marks.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace fsshare;
using namespace fsshare::test;

namespace {

using strings = std::vector<std::string>;

std::string line(int id, const std::string& device, const std::string& root,
                 const std::string& at) {
  return std::to_string(id) + " 1 " + device + " " + root + " " + at
         + " rw,relatime - tmpfs tmpfs rw\n";
}

/// A mount table of the test's, and what looks at it.
struct fixture {
  strings look(const std::string& table) {
    dir.write("mounts", table);
    const auto all = ways.all();
    const auto marks = marks_of(*all, dir / "mounts");
    REQUIRE(marks);
    ways.looked(*all, *marks);
    return ways.take_due(1000);
  }

  temp_dir dir;
  watched_ways ways;
};

} // namespace

TEST_SUITE_BEGIN("core/volume/watched_ways");

TEST_CASE_FIXTURE(fixture, "what is mounted or unmounted on the way to a "
                           "volume makes that one due, and no other") {
  const auto root = line(1, "8:1", "/", "/");
  const auto over = root + line(20, "0:50", "/", "/pods/1/v");
  ways.put("/link/1/v", "/pods/1/v");
  ways.put("/pods/1/v2", "/pods/1/v2");
  ways.put("/pods/1-x", "/pods/1-x");
  ways.put("/pods/2/v", "/pods/2/v");
  CHECK(look(root).size() == 4);
  CHECK(look(root).empty());
  // On none of the ways, though names begin alike.
  for (const auto* at : {"/pods/1/v/below", "/pods/1/v3", "/pods/1/", "/po",
                         "/pods/3", "/pods/1-", "/elsewhere"})
    CHECK_MESSAGE(look(root + line(9, "0:40", "/", at)).empty(), at);
  CHECK(look(over) == strings{"/link/1/v"});
  // A second one on top, another in the place of that, whatever its numbers.
  CHECK(look(over + line(21, "0:51", "/", "/pods/1/v"))
        == strings{"/link/1/v"});
  CHECK(look(over + line(21, "0:51", "/dir", "/pods/1/v"))
        == strings{"/link/1/v"});
  CHECK(look(over + line(21, "0:52", "/dir", "/pods/1/v"))
        == strings{"/link/1/v"});
  CHECK(look(over) == strings{"/link/1/v"});
  CHECK(look(root) == strings{"/link/1/v"});
  // Further up.
  CHECK(look(root + line(30, "0:50", "/", "/pods/1"))
        == strings{"/link/1/v", "/pods/1/v2"});
  CHECK(look(root + line(30, "0:50", "/", "/pods")).size() == 4);
  CHECK(look(line(2, "8:1", "/", "/")).size() == 4);
}

TEST_CASE_FIXTURE(fixture, "a way that is new may have got a mount before the "
                           "first look at it, and is forgotten with its path") {
  const auto table = line(1, "8:1", "/", "/");
  ways.put("/a", "/a");
  CHECK(look(table) == strings{"/a"});
  ways.put("/a", "/a");
  CHECK(look(table).empty());
  ways.put("/a", "/b");
  const auto before = ways.all();
  CHECK(look(table) == strings{"/a"});
  // What was looked at before is no news of it.
  ways.put("/a", "/c");
  ways.looked(*before, {1});
  CHECK_FALSE(ways.has_due());
  CHECK(look(table) == strings{"/a"});
  ways.looked(*ways.all(), {1});
  CHECK(ways.has_due());
  ways.remove("/a");
  ways.remove("/a");
  CHECK(ways.empty());
  CHECK_FALSE(ways.has_due());
}

TEST_CASE_FIXTURE(fixture, "what is due comes in parts, each path once") {
  for (int n = 0; n < 70; ++n)
    ways.put("/v" + std::to_string(n), "/v" + std::to_string(n));
  const auto all = ways.all();
  ways.looked(*all, std::vector<std::uint64_t>(70, 1));
  CHECK(ways.all() == all);
  CHECK(ways.take_due(32).size() == 32);
  CHECK(ways.take_due(32).size() == 32);
  CHECK(ways.has_due());
  CHECK(ways.take_due(32).size() == 6);
  CHECK_FALSE(ways.has_due());
}

TEST_SUITE_END();
