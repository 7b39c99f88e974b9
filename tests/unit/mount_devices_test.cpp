// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_devices.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

constexpr const char* table
  = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 0:40 / /run rw - tmpfs tmpfs rw\n"
    "3 1 0:45 / /mnt/a rw - nfs4 server:/x rw\n"
    "4 1 0:45 /sub /var/pods/1/v rw - nfs4 server:/x rw\n"
    "5 4 8:2 / /var/pods/1/v/disk rw - xfs /dev/sdb rw\n"
    "6 1 0:46 / /mnt/b rw - fuse.sshfs host: rw\n"
    "7 6 0:47 / /mnt/b rw - nfs4 other:/y rw\n";

} // namespace

TEST_SUITE_BEGIN("sys/mount/mount_devices");

TEST_CASE("mounts without a block device are told by their device, the last at "
          "each place") {
  const auto parsed = parse_mountinfo(table);
  REQUIRE(parsed);
  CHECK(devices_without_disk(*parsed)
        == std::map<std::string, std::string, std::less<>>{
          {"/run", "0:40"},
          {"/mnt/a", "0:45"},
          {"/var/pods/1/v", "0:45"},
          {"/var/pods/1/v/disk", ""},
          {"/mnt/b", "0:47"}});
}

TEST_CASE("what has the device of the root filesystem is not told") {
  const auto parsed
    = parse_mountinfo("1 0 0:30 / / rw - overlay overlay rw\n"
                      "2 1 0:30 /etc /mnt/etc rw - overlay overlay rw\n"
                      "3 1 0:31 / /mnt/a rw - nfs4 server:/x rw\n");
  REQUIRE(parsed);
  CHECK(devices_without_disk(*parsed)
        == std::map<std::string, std::string, std::less<>>{{"/mnt/etc", ""},
                                                           {"/mnt/a", "0:31"}});
}

TEST_CASE("a path has the device of the nearest mount above it") {
  mount_devices devices;
  // The kernel's own, which are mounted wherever there is a /proc.
  const auto proc = devices.device_of("/proc/self/status");
  CHECK(proc.starts_with("0:"));
  CHECK(devices.device_of("/proc") == proc);
  CHECK(devices.device_of("/process") == "");
  CHECK(devices.device_of("/") == "");
  CHECK(devices.device_of("relative/path") == "");
  CHECK(devices.device_of("") == "");
}

TEST_CASE("a table that cannot be read tells nothing") {
  mount_devices devices{"/proc/no/such/table"};
  CHECK(devices.device_of("/proc/self") == "");
}

TEST_SUITE_END();
