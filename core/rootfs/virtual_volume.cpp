// SPDX-License-Identifier: Apache-2.0
#include "core/rootfs/virtual_volume.hpp"

#include <algorithm>
#include <array>

namespace fsshare {

namespace {

constexpr std::size_t max_shown = 64;

// Limits of Kata's DmVerityInfo.
constexpr std::uint64_t max_blocks = 0xffffffff;
constexpr std::uint64_t min_block_bytes = 512;
constexpr std::uint64_t max_block_bytes = 524288;

error refused(const std::string& sentence) {
  return {errc::invalid_argument, "virtual volume: " + sentence};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

status check_hash(const dm_verity& verity) {
  const auto type = lower(verity.hash_type);
  if (type != "sha256" && type != "sha1")
    return refused("dm_verity.hashtype '" + type.substr(0, max_shown)
                   + "' is none of sha256 and sha1");
  const std::size_t digits = type == "sha256" ? 64 : 40;
  if (verity.hash.size() != digits
      || verity.hash.find_first_not_of("0123456789abcdefABCDEF")
           != std::string::npos)
    return refused("dm_verity.hash is not of " + std::to_string(digits)
                   + " hexadecimal digits, as " + type + " has");
  return unit{};
}

status check_size(const char* field, std::uint64_t bytes) {
  if (bytes < min_block_bytes || bytes > max_block_bytes)
    return refused(std::string{"dm_verity."} + field + " "
                   + std::to_string(bytes) + " is not within "
                   + std::to_string(min_block_bytes) + " and "
                   + std::to_string(max_block_bytes));
  return unit{};
}

status check_verity(const dm_verity& verity) {
  if (auto checked = check_hash(verity); !checked)
    return checked;
  if (verity.block_count < 1 || verity.block_count > max_blocks)
    return refused("dm_verity.blocknum " + std::to_string(verity.block_count)
                   + " is not within 1 and " + std::to_string(max_blocks));
  if (auto checked = check_size("blocksize", verity.block_size); !checked)
    return checked;
  if (auto checked = check_size("hashsize", verity.hash_size); !checked)
    return checked;
  if (verity.offset % verity.hash_size != 0)
    return refused("dm_verity.offset " + std::to_string(verity.offset)
                   + " is no multiple of hashsize "
                   + std::to_string(verity.hash_size));
  // Both factors are bounded above: the product fits.
  const auto data_bytes = verity.block_size * verity.block_count;
  if (verity.offset < data_bytes)
    return refused("dm_verity.offset " + std::to_string(verity.offset)
                   + " lies within the data, which has "
                   + std::to_string(data_bytes) + " bytes");
  return unit{};
}

} // namespace

status check_virtual_volume(const virtual_volume& volume) {
  constexpr std::string_view guest_pull = "image_guest_pull";
  constexpr std::array<std::string_view, 7> others{
    "direct_block",      "image_raw_block", "layer_raw_block",
    "image_nydus_block", "image_nydus_fs",  "layer_nydus_block",
    "layer_nydus_fs"};
  const auto& type = volume.volume_type;
  const bool is_other
    = std::find(others.begin(), others.end(), type) != others.end();
  if (type.empty())
    return refused("volume_type is empty");
  if (type != guest_pull && !is_other)
    return refused("unknown volume_type '" + type.substr(0, max_shown) + "'");
  if (volume.nydus_image && volume.nydus_image->config.empty()
      && volume.nydus_image->snapshot_dir.empty())
    return refused("nydus_image has neither config nor snapshot_dir");
  if (volume.dm_verity)
    if (auto checked = check_verity(*volume.dm_verity); !checked)
      return checked;
  if (is_other)
    return error{errc::unimplemented,
                 "virtual volume: no guest agent makes a root filesystem of "
                 "volume_type '"
                   + type + "'; image_guest_pull is the only one"};
  return unit{};
}

} // namespace fsshare
