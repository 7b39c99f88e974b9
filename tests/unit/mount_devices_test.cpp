// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_devices.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

using namespace fsshare;
using namespace std::chrono_literals;

namespace {

using devices = std::map<std::string, std::string, std::less<>>;

constexpr const char* table
  = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 0:40 / /run rw - tmpfs tmpfs rw\n"
    "3 1 0:45 / /mnt/a rw - nfs4 server:/x rw\n"
    "4 1 0:45 /sub /var/pods/1/v rw - nfs4 server:/x rw\n"
    "5 4 8:2 / /var/pods/1/v/disk rw - xfs /dev/sdb rw\n"
    "6 1 0:46 / /mnt/b rw - fuse.sshfs host: rw\n"
    "7 6 0:47 / /mnt/b rw - nfs4 other:/y rw\n";

/// A table that changes when a test says so, and takes its time to be read.
struct fixture {
  fixture() {
    write("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
  }

  void write(const std::string& text) {
    std::ofstream{path} << text;
    is_news = true;
  }
  void mount(const std::string& at, const std::string& device) {
    std::ofstream{path, std::ios::app} << "9 1 " << device << " / " << at
                                       << " rw - nfs4 server:/x rw\n";
    is_news = true;
  }

  /// Each look at the clock takes `tick`: so long a read takes.
  mount_devices make() {
    return mount_devices{{path,
                          [this] {
                            ++looks;
                            return now += tick;
                          },
                          [this] {
                            return std::exchange(is_news, false);
                          }}};
  }

  test::temp_dir dir;
  std::string path = dir / "table";
  mount_devices::time_point now{1h};
  mount_devices::time_point::duration tick = 1ms;
  bool is_news = false;
  int looks = 0;
};

} // namespace

TEST_SUITE_BEGIN("sys/mount/mount_devices");

TEST_CASE_FIXTURE(fixture, "mounts without a block device are told by their "
                           "device, the last at each place") {
  write(table);
  const auto read = devices_without_disk(path);
  REQUIRE(read);
  CHECK(*read
        == devices{{"/run", "0:40"},
                   {"/mnt/a", "0:45"},
                   {"/var/pods/1/v", "0:45"},
                   {"/var/pods/1/v/disk", ""},
                   {"/mnt/b", "0:47"}});
}

TEST_CASE_FIXTURE(fixture,
                  "what has the device of the root filesystem is not told") {
  write("1 0 0:30 / / rw - overlay overlay rw\n"
        "2 1 0:30 /etc /mnt/etc rw - overlay overlay rw\n"
        "3 1 0:31 / /mnt/a rw - nfs4 server:/x rw\n");
  const auto read = devices_without_disk(path);
  REQUIRE(read);
  CHECK(*read == devices{{"/mnt/etc", ""}, {"/mnt/a", "0:31"}});
}

TEST_CASE("a path has the device of the nearest mount above it") {
  mount_devices known;
  // The kernel's own, which are mounted wherever there is a /proc.
  const auto proc = known.device_of("/proc/self/status");
  CHECK(proc.starts_with("0:"));
  CHECK(known.device_of("/proc") == proc);
  CHECK(known.device_of("/process") == "");
  CHECK(known.device_of("/") == "");
  CHECK(known.device_of("relative/path") == "");
  CHECK(known.device_of("") == "");
}

TEST_CASE("a table that cannot be read tells nothing") {
  mount_devices known{{"/proc/no/such/table"}};
  CHECK(known.device_of("/proc/self") == "");
}

TEST_CASE_FIXTURE(fixture, "a table that does not change is read once") {
  auto known = make();
  known.device_of("/a");
  const auto after_one = looks;
  for (int n = 0; n < 100; ++n)
    known.device_of("/a");
  CHECK(looks == after_one);
}

TEST_CASE_FIXTURE(fixture, "a table that changes all the time takes no more "
                           "than a fiftieth of the time, and what was mounted "
                           "is known after the rest") {
  tick = 30ms;
  auto known = make();
  CHECK(known.device_of("/mnt/a") == "");
  // The only change: it is told while the table rests, and not again.
  mount("/mnt/a", "0:45");
  CHECK(known.device_of("/mnt/a") == "");
  now += 1s;
  CHECK(known.device_of("/mnt/a") == "");
  now += 1s;
  CHECK(known.device_of("/mnt/a") == "0:45");

  int reads = 0;
  const auto begin = now;
  while (now < begin + 60s) {
    is_news = true;
    const auto before = looks;
    const auto at = now;
    known.device_of("/mnt/a");
    if (looks == before + 2)
      ++reads;
    else
      now = at + 10ms;
  }
  CHECK(reads > 30);
  CHECK(reads <= 40);
}

TEST_CASE_FIXTURE(fixture, "a long table rests for seconds, not for minutes") {
  tick = 2s;
  auto known = make();
  CHECK(known.device_of("/mnt/a") == "");
  mount("/mnt/a", "0:45");
  now += 2s;
  CHECK(known.device_of("/mnt/a") == "");
  now += 4s;
  CHECK(known.device_of("/mnt/a") == "0:45");
}

TEST_CASE_FIXTURE(fixture, "a table that could not be read is read again") {
  write("");
  std::filesystem::remove(path);
  auto known = make();
  CHECK(known.device_of("/mnt/a") == "");
  mount("/mnt/a", "0:45");
  is_news = false;
  now += 1s;
  CHECK(known.device_of("/mnt/a") == "0:45");
}

TEST_SUITE_END();
