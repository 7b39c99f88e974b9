// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

using string_map = std::map<std::string, std::string>;

/// Integrity data that a block device carries (veritysetup(8)).
struct dm_verity {
  std::string hash_type;
  std::string hash;
  std::uint64_t block_count = 0;
  std::uint64_t block_size = 0;
  std::uint64_t hash_size = 0;
  std::uint64_t offset = 0;

  friend bool operator==(const dm_verity&, const dm_verity&) = default;
};

struct nydus_image {
  std::string config;
  std::string snapshot_dir;

  friend bool operator==(const nydus_image&, const nydus_image&) = default;
};

/// What one option `io.katacontainers.volume=` describes: a root filesystem
/// that the snapshotter left to the guest. See json/virtual_volume_json.hpp.
struct virtual_volume {
  std::string volume_type;
  std::string source;
  std::string fs_type;
  std::vector<std::string> options;
  std::optional<string_map> direct_volume;
  std::optional<string_map> image_pull;
  std::optional<fsshare::nydus_image> nydus_image;
  std::optional<fsshare::dm_verity> dm_verity;

  friend bool operator==(const virtual_volume&, const virtual_volume&)
    = default;
};

/// Prefix of the rootfs options that each describe one virtual volume.
constexpr std::string_view virtual_volume_option = "io.katacontainers.volume=";

/// Checks what Kata's validation checks: a known type, nydus_image with a
/// config or a snapshot directory, and dm-verity's numbers.
/// @returns `errc::invalid_argument` naming the field;
///          `errc::unimplemented` for a type that is valid but of which no
///          guest agent makes a root filesystem: all but `image_guest_pull`.
status check_virtual_volume(const virtual_volume& volume);

} // namespace fsshare
