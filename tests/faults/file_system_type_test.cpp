// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/file_system_type.hpp"

#include <map>
#include <string>

#include <doctest/doctest.h>
#include <linux/magic.h>
#include <sys/vfs.h>

using namespace fsshare;

namespace {

/// What statfs(2) answers for the paths of a test.
std::map<std::string, long>& magic_numbers() {
  static std::map<std::string, long> all;
  return all;
}

} // namespace

extern "C" int wrap_statfs(const char* path,
                           struct statfs* info) asm("__wrap_statfs");
extern "C" int wrap_statfs(const char* path, struct statfs* info) {
  const auto known = magic_numbers().find(path);
  if (known == magic_numbers().end())
    return -1;
  info->f_type = known->second;
  return 0;
}

TEST_SUITE_BEGIN("sys/tree/file_system_type");

TEST_CASE("EROFS is told by its magic number, whatever else cannot be told") {
  magic_numbers() = {{"/ext4", EXT4_SUPER_MAGIC},
                     {"/overlay", OVERLAYFS_SUPER_MAGIC},
                     {"/erofs", EROFS_SUPER_MAGIC_V1}};
  CHECK(any_on_erofs({"/erofs"}));
  CHECK(any_on_erofs({"/ext4", "/gone", "/erofs"}));
  CHECK_FALSE(any_on_erofs({"/ext4", "/overlay", "/gone"}));
  CHECK_FALSE(any_on_erofs({}));
}

TEST_SUITE_END();
