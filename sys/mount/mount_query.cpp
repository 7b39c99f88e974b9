// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_query.hpp"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fsshare {

namespace {

// As in linux/stat.h and linux/mount.h, which may be older than the kernel. The
// numbers of the calls are the same on all architectures but Alpha.
constexpr long number_of_statmount = 457;
constexpr long number_of_listmount = 458;
constexpr unsigned statx_unique_mount_id = 0x4000;
constexpr std::uint64_t superblock_basics = 0x1;
constexpr std::uint64_t mount_basics = 0x2;
constexpr std::uint64_t mount_root = 0x8;
constexpr std::uint64_t mount_point = 0x10;
constexpr std::uint64_t always_there
  = superblock_basics | mount_basics | mount_root;

/// struct mnt_id_req, in its first version.
struct request {
  std::uint32_t size = sizeof(request);
  std::uint32_t spare = 0;
  std::uint64_t id = 0;
  std::uint64_t param = 0;
};
static_assert(sizeof(request) == 24);

/// struct statmount up to what is asked for.
struct fixed_part {
  std::uint32_t size;
  std::uint32_t options;
  std::uint64_t mask;
  std::uint32_t device_major;
  std::uint32_t device_minor;
  std::uint64_t magic;
  std::uint32_t superblock_flags;
  std::uint32_t type;
  std::uint64_t id;
  std::uint64_t parent;
  std::uint32_t id_in_table;
  std::uint32_t parent_in_table;
  std::uint64_t attributes;
  std::uint64_t propagation;
  std::uint64_t peer_group;
  std::uint64_t master;
  std::uint64_t propagates_from;
  std::uint32_t root;
  std::uint32_t point;
};
static_assert(sizeof(fixed_part) == 112);
constexpr std::size_t strings_at = 512;

// Two paths of any length.
constexpr std::size_t answer_size = strings_at + std::size_t{2} * 4096;

} // namespace

mount_query::mount_query() : buffer_(answer_size) {
}

// Without a path nothing is walked, of which some file systems would ask their
// servers; kernels that would walk an empty one refuse (EFAULT).
std::optional<std::uint64_t> mount_query::id_of(int fd) {
  struct statx seen {};
  if (::syscall(SYS_statx, fd, nullptr, AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
                statx_unique_mount_id, &seen)
        != 0
      || (seen.stx_mask & statx_unique_mount_id) == 0)
    return std::nullopt;
  // stx_mnt_id, which older headers lack.
  std::uint64_t id = 0;
  constexpr std::size_t offset = 144;
  std::memcpy(&id, reinterpret_cast<const std::byte*>(&seen) + offset,
              sizeof id);
  return id;
}

std::optional<mount_query::answer> mount_query::look_at(std::uint64_t id) {
  const request asked{.id = id, .param = always_there | mount_point};
  if (::syscall(number_of_statmount, &asked, buffer_.data(), buffer_.size(), 0)
      != 0)
    return std::nullopt;
  fixed_part found{};
  std::memcpy(&found, buffer_.data(), sizeof found);
  if ((found.mask & always_there) != always_there)
    return std::nullopt;
  const auto* strings
    = reinterpret_cast<const char*>(buffer_.data() + strings_at);
  answer out;
  out.id = found.id;
  out.parent = found.parent;
  out.entry.id = found.id_in_table;
  out.entry.parent = found.parent_in_table;
  out.entry.device = std::to_string(found.device_major) + ":"
                     + std::to_string(found.device_minor);
  out.entry.root = strings + found.root;
  if ((found.mask & mount_point) != 0)
    out.entry.mount_point = strings + found.point;
  return out;
}

std::optional<std::vector<std::uint64_t>> mount_query::below(std::uint64_t id) {
  std::vector<std::uint64_t> out;
  std::array<std::uint64_t, 4096> some{};
  for (;;) {
    const request asked{.id = id, .param = out.empty() ? 0 : out.back()};
    const auto got
      = ::syscall(number_of_listmount, &asked, some.data(), some.size(), 0);
    if (got < 0)
      return std::nullopt;
    out.insert(out.end(), some.begin(), some.begin() + got);
    if (static_cast<std::size_t>(got) < some.size())
      return out;
  }
}

} // namespace fsshare
