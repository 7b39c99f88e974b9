// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/pod_volume.hpp"
#include "tests/support/private_mounts.hpp"

#include <doctest/doctest.h>

#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace fsshare;
using namespace fsshare::test;

namespace {

constexpr const char* pod = "k/pods/0f6a7c1e-1111-2222-3333-444455556666";

// Binds a directory where the kubelet binds that of a subPath.
std::string bind_subpath(const private_mounts& work, const std::string& source,
                         const std::string& volume,
                         const std::string& container) {
  auto target = work.make_dir(std::string{pod} + "/volume-subpaths/" + volume
                              + "/" + container + "/0");
  REQUIRE(mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr)
          == 0);
  return target;
}

} // namespace

TEST_SUITE_BEGIN("mounts/empty_dir");

TEST_CASE(
  "an emptyDir is looked at as the kubelet has made it: on the disk, or "
  "in memory") {
  private_mounts work;
  REQUIRE_MESSAGE(work.unavailable().empty(), work.unavailable());
  const auto dir
    = work.make_dir(std::string{pod} + "/volumes/kubernetes.io~empty-dir/work");
  for (const bool in_memory : {false, true}) {
    if (in_memory)
      REQUIRE(mount("tmpfs", dir.c_str(), "tmpfs", 0, nullptr) == 0);
    CHECK(look_at_empty_dir(dir) == empty_dir_look{true, 0});
    REQUIRE(chown(dir.c_str(), 0, 2000) == 0);
    REQUIRE(chmod(dir.c_str(), 02777) == 0);
    CHECK(look_at_empty_dir(dir) == empty_dir_look{true, 2000});
    const auto name = dir + "/.hidden";
    REQUIRE(mkdir(name.c_str(), 0700) == 0);
    CHECK_FALSE(look_at_empty_dir(dir).is_empty);
    REQUIRE(rmdir(name.c_str()) == 0);
    REQUIRE(chown(dir.c_str(), 0, 0) == 0);
  }
  CHECK_FALSE(look_at_empty_dir(dir + "/missing").is_empty);
}

TEST_CASE("the source of a subPath mount is told as a part of its emptyDir") {
  private_mounts work;
  REQUIRE_MESSAGE(work.unavailable().empty(), work.unavailable());
  const auto volumes = std::string{pod} + "/volumes/kubernetes.io~";
  const auto on_disk = work.make_dir(volumes + "empty-dir/work");
  work.make_dir(volumes + "empty-dir/work/logs/deep");
  const auto in_memory = work.make_dir(volumes + "empty-dir/shm");
  REQUIRE(mount("tmpfs", in_memory.c_str(), "tmpfs", 0, nullptr) == 0);
  work.make_dir(volumes + "empty-dir/shm/a");
  work.make_dir(volumes + "secret/work2/logs");
  work.make_dir(volumes + "empty-dir/work2/logs");

  using part = std::optional<pod_volume_part>;
  CHECK(find_empty_dir(on_disk) == part{{on_disk, ""}});
  CHECK(find_empty_dir(on_disk + "/logs") == part{{on_disk, "logs"}});
  for (const char* container : {"main", "side"})
    CHECK(
      find_empty_dir(bind_subpath(work, on_disk + "/logs", "work", container))
      == part{{on_disk, "logs"}});
  const auto whole = bind_subpath(work, on_disk, "work", "whole");
  CHECK(find_empty_dir(whole) == part{{on_disk, ""}});
  CHECK(find_empty_dir(whole + "/logs/deep") == part{{on_disk, "logs/deep"}});
  CHECK(find_empty_dir(bind_subpath(work, in_memory + "/a", "shm", "main"))
        == part{{in_memory, "a"}});
  // Of another volume, or bound from somewhere else.
  CHECK_FALSE(find_empty_dir(bind_subpath(
    work, work / (volumes + "secret/work2/logs"), "work2", "main")));
  CHECK_FALSE(find_empty_dir(
    bind_subpath(work, work.make_dir("elsewhere"), "work", "other")));
  CHECK_FALSE(find_empty_dir(work / "elsewhere"));
  // Something was mounted over the part since then.
  const auto hidden
    = bind_subpath(work, on_disk + "/logs/deep", "work", "hidden");
  CHECK(find_empty_dir(hidden) == part{{on_disk, "logs/deep"}});
  REQUIRE(mount("tmpfs", (on_disk + "/logs/deep").c_str(), "tmpfs", 0, nullptr)
          == 0);
  CHECK_FALSE(find_empty_dir(hidden));
}

TEST_SUITE_END();
