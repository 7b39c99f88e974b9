// SPDX-License-Identifier: Apache-2.0
#include "core/share/unshared_mount.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

mount_entry mount(const std::string& source, const std::string& destination,
                  const std::string& type = "bind",
                  std::vector<std::string> options = {}) {
  return {source, destination, type, std::move(options), false};
}

} // namespace

TEST_SUITE_BEGIN("core/share/unshared_mount");

TEST_CASE("bind mounts are shared, by type or by option") {
  for (const auto& shared :
       {mount("/a", "/b"), mount("/a", "/b", ""), mount("/a", "/b", "rbind"),
        mount("/a", "/b", "none", {"ro", "rbind"}),
        mount("/a", "/b", "none", {"bind"})})
    CHECK_MESSAGE(why_unshared(shared).empty(), shared.type);
}

TEST_CASE("what is no bind mount is not shared") {
  for (const char* type :
       {"tmpfs", "proc", "sysfs", "mqueue", "cgroup", "none"})
    CHECK_MESSAGE(why_unshared(mount("/a", "/b", type, {"nosuid"}))
                    == "it is no bind mount",
                  type);
}

TEST_CASE(
  "what each kernel has of its own is not shared, what only begins with "
  "such a name is") {
  CHECK(why_unshared(mount("/a", "/dev/shm")).find("/dev/shm")
        != std::string::npos);
  for (const char* source :
       {"/proc", "/proc/cpuinfo", "/sys", "/sys/fs/cgroup"})
    CHECK_MESSAGE(!why_unshared(mount(source, "/b")).empty(), source);
  CHECK(!why_unshared(mount("/dev", "/b")).empty());
  for (const char* source :
       {"/process", "/system/a", "/srv/proc", "/dev/shm/a", "/device"})
    CHECK_MESSAGE(why_unshared(mount(source, "/b")).empty(), source);
  CHECK(why_unshared(mount("/a", "/proc")).empty());
  CHECK(why_unshared(mount("/a", "/dev/shm/a")).empty());
}

TEST_SUITE_END();
