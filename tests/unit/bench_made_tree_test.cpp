// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/made_tree.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <filesystem>

using namespace fsshare;
using namespace fsshare::bench;

namespace fs = std::filesystem;

TEST_SUITE("bench/suite/made_tree") {
  namespace {

  struct counted {
    int directories = 0;
    int files = 0;
    int links = 0;
  };

  counted count(const std::string& dir) {
    counted out;
    for (const auto& entry : fs::recursive_directory_iterator{dir})
      ++(entry.is_symlink()     ? out.links
         : entry.is_directory() ? out.directories
                                : out.files);
    return out;
  }

  } // namespace

  TEST_CASE("a flat tree has files of the same size") {
    const made_tree tree{{3, 5}};
    const auto got = count(tree.path());
    CHECK(got.directories == 0);
    CHECK(got.files == 3);
    CHECK(got.links == 0);
    CHECK(test::read_file(tree.path() + "/file2") == "xxxxx");
  }

  TEST_CASE("the last directory of a level holds the next level") {
    const made_tree tree{{2, 5, 3, 4}};
    const auto got = count(tree.path());
    CHECK(got.directories == 12);
    CHECK(got.files == 24);
    CHECK(got.links == 12);
    const auto deepest = tree.path() + "/dir3/dir3/dir0";
    CHECK(test::read_file(deepest + "/link") == "xxxxx");
    CHECK_FALSE(fs::exists(tree.path() + "/dir0/dir0"));
  }
}
