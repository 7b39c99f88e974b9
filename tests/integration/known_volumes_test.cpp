// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/known_volumes.hpp"

#include "tests/support/rotator.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <filesystem>

using namespace fsshare;
using namespace fsshare::test;

namespace fs = std::filesystem;

namespace {

// A volume with one generation, and what is known of it.
struct known_fixture {
  temp_dir dir;
  std::string path = dir.make_dir("volume");
  rotator kubelet{path, kubelet_order::from_1_27};
  known_volume known = [this] {
    kubelet.rotate({{"key", {"one"}}});
    return known_volume{path, directory_at(path), kubelet.current()};
  }();
};

} // namespace

TEST_SUITE_BEGIN("sys/tree/known_volumes");

TEST_CASE_FIXTURE(known_fixture, "a volume that nobody touched is as known") {
  CHECK(is_as_known(known));
  CHECK(known.root.inode != 0);
}

TEST_CASE_FIXTURE(known_fixture, "another generation is not as known") {
  kubelet.rotate({{"key", {"two"}}});
  CHECK_FALSE(is_as_known(known));
}

TEST_CASE_FIXTURE(known_fixture, "another directory at its path is not as "
                                 "known, whatever that publishes") {
  fs::rename(path, dir / "elsewhere");
  fs::copy(dir / "elsewhere", path,
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  CHECK_FALSE(is_as_known(known));
  CHECK(directory_at(path) != known.root);
}

TEST_CASE_FIXTURE(known_fixture,
                  "a volume whose generation is gone is not as known") {
  fs::remove_all(path + "/" + known.generation);
  CHECK_FALSE(is_as_known(known));
}

TEST_CASE_FIXTURE(known_fixture, "a name that the published one begins with, "
                                 "or that begins with it, is not as known") {
  auto shorter = known;
  shorter.generation.pop_back();
  CHECK_FALSE(is_as_known(shorter));
  auto longer = known;
  longer.generation += "0";
  CHECK_FALSE(is_as_known(longer));
}

TEST_CASE_FIXTURE(known_fixture, "a volume that is gone, no directory, or "
                                 "behind a symlink is not as known") {
  fs::rename(path, dir / "elsewhere");
  CHECK_FALSE(is_as_known(known));
  CHECK(directory_at(path) == directory_id{});
  SUBCASE("gone") {
  }
  SUBCASE("a file") {
    dir.write("volume", "");
  }
  SUBCASE("a symlink to it") {
    fs::create_directory_symlink(dir / "elsewhere", path);
    CHECK(directory_at(path) == known.root);
  }
  CHECK_FALSE(is_as_known(known));
}

TEST_SUITE_END();
