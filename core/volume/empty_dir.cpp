// SPDX-License-Identifier: Apache-2.0
#include "core/volume/empty_dir.hpp"

namespace fsshare {

namespace {

// Bits of st_mode (inode(7)).
constexpr std::uint32_t set_gid = 02000;
constexpr std::uint32_t group_writes = 0020;

} // namespace

std::uint32_t fs_group_of(std::uint32_t mode, std::uint32_t gid) noexcept {
  constexpr auto both = set_gid | group_writes;
  return (mode & both) == both ? gid : 0;
}

} // namespace fsshare
