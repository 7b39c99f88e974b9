// SPDX-License-Identifier: Apache-2.0
#include "core/share/local_storage.hpp"

#include "core/volume/empty_dir.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fsshare;

namespace {

using strings = std::vector<std::string>;

strings mount_points(const std::vector<storage>& all) {
  strings out;
  for (const auto& one : all)
    out.push_back(one.mount_point);
  return out;
}

} // namespace

TEST_SUITE_BEGIN("core/share/local_storage");

TEST_CASE("a local storage has the fields that policies compare") {
  copy_terms terms;
  terms.guest_path = "/l/cache";
  const auto plain = local_storages(terms, "");
  REQUIRE(plain.size() == 1);
  const auto& one = plain.front();
  CHECK(one.driver == "local");
  CHECK(one.source == "local");
  CHECK(one.fstype == "local");
  CHECK(one.options == strings{"mode=0777"});
  CHECK(one.mount_point == "/l/cache");
  CHECK(one.driver_options.empty());
  CHECK(one.groups.empty());
  CHECK_FALSE(one.shared);
  terms.fs_group = 2000;
  CHECK(local_storages(terms, "").front().options
        == strings{"mode=0777", "fsgid=2000"});
}

TEST_CASE("each directory on the way to a part is a storage, parents first") {
  copy_terms terms;
  terms.guest_path = "/l/cache";
  terms.fs_group = 7;
  CHECK(mount_points(local_storages(terms, "a"))
        == strings{"/l/cache", "/l/cache/a"});
  const auto deep = local_storages(terms, "a/b/c");
  CHECK(mount_points(deep)
        == strings{"/l/cache", "/l/cache/a", "/l/cache/a/b", "/l/cache/a/b/c"});
  CHECK(deep.back().options == strings{"mode=0777", "fsgid=7"});
}

TEST_CASE("an fsGroup is a group that may write and hands itself on") {
  CHECK(fs_group_of(042777, 2000) == 2000);
  CHECK(fs_group_of(042770, 2000) == 2000);
  CHECK(fs_group_of(040777, 2000) == 0);
  CHECK(fs_group_of(042755, 2000) == 0);
  CHECK(fs_group_of(042777, 0) == 0);
}

TEST_SUITE_END();
