// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/block_storage.hpp"

#include "core/paths.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace fsshare {

namespace {

// QEMU's virtio-scsi takes indices of two bytes apart like this: 256 targets
// of 256 units.
constexpr std::uint32_t units_per_target = 256;
constexpr std::uint32_t max_scsi_index = 65535;

bool is_hex(std::string_view text, std::size_t min, std::size_t max) {
  return text.size() >= min && text.size() <= max
         && text.find_first_not_of("0123456789abcdef")
              == std::string_view::npos;
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t max) {
  std::uint32_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, value);
  if (text.empty() || failed != std::errc{} || at != end || value > max)
    return std::nullopt;
  return value;
}

bool is_virt_path(std::string_view path) {
  return is_below(path, "/dev") && check_path("virt_path", path);
}

// 0.<subchannel set>.<device number>
bool is_ccw_device(std::string_view text) {
  if (!text.starts_with("0."))
    return false;
  text.remove_prefix(2);
  const auto dot = text.find('.');
  return dot != std::string_view::npos && is_hex(text.substr(0, dot), 1, 2)
         && is_hex(text.substr(dot + 1), 4, 4);
}

bool is_pci_path(std::string_view text) {
  // Guest agents walk at most that many bridges; so does the kernel.
  constexpr std::size_t max_slots = 32;
  for (std::size_t n = 0; n < max_slots; ++n) {
    if (!is_hex(text.substr(0, 2), 2, 2))
      return false;
    text.remove_prefix(2);
    if (text.empty())
      return true;
    if (text.front() != '/')
      return false;
    text.remove_prefix(1);
  }
  return false;
}

std::optional<std::string> scsi_source(std::string_view text) {
  constexpr auto max_unit = units_per_target - 1;
  const auto colon = text.find(':');
  std::optional<std::uint32_t> id;
  std::optional<std::uint32_t> lun;
  if (colon != std::string_view::npos) {
    id = number(text.substr(0, colon), max_unit);
    lun = number(text.substr(colon + 1), max_unit);
  } else if (const auto index = number(text, max_scsi_index)) {
    id = *index / units_per_target;
    lun = *index % units_per_target;
  }
  if (!id || !lun)
    return std::nullopt;
  return std::to_string(*id) + ":" + std::to_string(*lun);
}

error bad_address(const block_device& device, std::string_view field,
                  std::string_view value, std::string_view form) {
  constexpr std::size_t max_shown = 64;
  return {errc::invalid_argument, "block device driver '" + device.driver
                                    + "': " + std::string{field} + " '"
                                    + std::string{value.substr(0, max_shown)}
                                    + "' is not " + std::string{form}};
}

storage make(std::string driver, std::string source) {
  storage out;
  out.driver = std::move(driver);
  out.source = std::move(source);
  return out;
}

} // namespace

result<storage> block_storage(const block_device& device) {
  if (device.driver == "virtio-mmio") {
    if (!is_virt_path(device.virt_path))
      return bad_address(device, "virt_path", device.virt_path,
                         "a path below /dev");
    return make("mmioblk", device.virt_path);
  }
  if (device.driver == "virtio-blk-ccw") {
    if (!is_ccw_device(device.ccw_device))
      return bad_address(device, "ccw_device", device.ccw_device,
                         "like 0.0.0005");
    return make("blk-ccw", device.ccw_device);
  }
  if (device.driver == "virtio-blk") {
    if (!is_pci_path(device.pci_path))
      return bad_address(device, "pci_path", device.pci_path, "like 01/02");
    return make("blk", device.pci_path);
  }
  if (device.driver == "virtio-scsi") {
    auto source = scsi_source(device.scsi_address);
    if (!source)
      return bad_address(device, "scsi_address", device.scsi_address,
                         "ID:LUN of at most 255 each, or an index of at most "
                         "65535");
    return make("scsi", *std::move(source));
  }
  if (device.driver == "nvdimm") {
    const auto& id = device.pmem_id;
    if (!number(id, max_scsi_index))
      return bad_address(device, "pmem_id", id, "a number");
    auto out = make("nvdimm", "/dev/pmem" + id);
    out.options = {"dax"};
    return out;
  }
  constexpr std::size_t max_shown = 64;
  return error{errc::invalid_argument,
               "unknown block device driver '"
                 + device.driver.substr(0, max_shown)
                 + "'; known are virtio-mmio, virtio-blk-ccw, virtio-blk, "
                   "virtio-scsi and nvdimm"};
}

} // namespace fsshare
