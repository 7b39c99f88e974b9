// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/block_storage.hpp"

#include <doctest/doctest.h>

using namespace fsshare;

namespace {

block_device device(const std::string& driver) {
  block_device out;
  out.driver = driver;
  return out;
}

// Checks one row of the table, with and without its address.
void check_row(const std::string& driver, std::string block_device::*field,
               const std::string& address, const storage& expected) {
  auto given = device(driver);
  CHECK(!block_storage(given));
  given.*field = address;
  const auto made = block_storage(given);
  REQUIRE_MESSAGE(made, driver);
  CHECK(*made == expected);
}

void check_refused(const std::string& driver, std::string block_device::*field,
                   const std::vector<std::string>& addresses) {
  for (const auto& address : addresses) {
    auto given = device(driver);
    given.*field = address;
    const auto refused = block_storage(given);
    REQUIRE_MESSAGE(!refused, address);
    CHECK(refused.err().code == errc::invalid_argument);
    CHECK(refused.err().message.find(driver) != std::string::npos);
  }
}

} // namespace

TEST_SUITE_BEGIN("core/rootfs/block_storage");

TEST_CASE("each driver names its device as the guest agent expects") {
  check_row("virtio-mmio", &block_device::virt_path, "/dev/vda",
            {"mmioblk", {}, "/dev/vda", "", {}, "", {}, false});
  check_row("virtio-blk-ccw", &block_device::ccw_device, "0.0.0005",
            {"blk-ccw", {}, "0.0.0005", "", {}, "", {}, false});
  check_row("virtio-blk", &block_device::pci_path, "01/02",
            {"blk", {}, "01/02", "", {}, "", {}, false});
  check_row("virtio-scsi", &block_device::scsi_address, "3:5",
            {"scsi", {}, "3:5", "", {}, "", {}, false});
  check_row("virtio-scsi", &block_device::scsi_address, "770",
            {"scsi", {}, "3:2", "", {}, "", {}, false});
  check_row("nvdimm", &block_device::pmem_id, "1",
            {"nvdimm", {}, "/dev/pmem1", "", {"dax"}, "", {}, false});
}

TEST_CASE("addresses of another form are refused") {
  check_refused("virtio-mmio", &block_device::virt_path,
                {"", "vda", "/dev/", "/dev", "/dev/../vda", "/etc/vda"});
  check_refused(
    "virtio-blk-ccw", &block_device::ccw_device,
    {"", "5", "0.0.5", "0.0.00005", "fe.0.0005", "0..0005", "0.0.000G"});
  check_refused("virtio-blk", &block_device::pci_path,
                {"", "1", "01/", "/01", "01//02", "0g", "01:02", "001"});
  std::string many = "01";
  for (int n = 1; n < 33; ++n)
    many += "/01";
  check_refused("virtio-blk", &block_device::pci_path, {many});
  check_refused(
    "virtio-scsi", &block_device::scsi_address,
    {"", ":", "1:", ":1", "256:0", "0:256", "-1", "1:2:3", "65536", "x"});
  check_refused("nvdimm", &block_device::pmem_id, {"", "-1", "0x1", "1/../.."});
}

TEST_CASE("unknown drivers are refused with those that are known") {
  for (const char* driver : {"", "dummy", "virtio", "VIRTIO-BLK"}) {
    const auto refused = block_storage(device(driver));
    REQUIRE(!refused);
    CHECK(refused.err().code == errc::invalid_argument);
    CHECK(refused.err().message.find("unknown block device driver '"
                                     + std::string{driver} + "'")
          == 0);
    CHECK(refused.err().message.find("virtio-blk-ccw") != std::string::npos);
  }
}

TEST_SUITE_END();
