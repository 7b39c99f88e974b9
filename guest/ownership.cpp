// SPDX-License-Identifier: Apache-2.0
#include "guest/ownership.hpp"

#include "sys/process/identity.hpp"
#include "sys/standin/dir_entry.hpp"
#include "sys/standin/file_handle.hpp"

namespace fsshare::guest {

namespace {

// stat(2): what chown(2) clears of an executable file, for root too.
constexpr std::uint32_t regular_file = 0100000;
constexpr std::uint32_t set_uid = 04000;
constexpr std::uint32_t set_gid = 02000;
constexpr std::uint32_t group_execute = 010;

bool is_tolerated(std::errc outcome) {
  return outcome == std::errc::operation_not_permitted && effective_uid() != 0;
}

// Does to the mode of a file what a chown(2) that succeeds does.
std::errc clear_set_ids(const unique_fd& file) {
  const auto now = file_handle::status(file);
  if (!now)
    return now.err();
  if ((now->mode & file_status::type_bits) != regular_file)
    return {};
  auto cleared = set_uid;
  if ((now->mode & group_execute) != 0)
    cleared |= set_gid;
  if ((now->mode & cleared) == 0)
    return {};
  return file_handle::change_mode(file, now->mode & ~cleared);
}

} // namespace

std::errc give_to(const ownership& owner, const unique_fd& file) {
  const auto given = file_handle::change_owner(file, owner.uid, owner.gid);
  return is_tolerated(given) ? clear_set_ids(file) : given;
}

std::errc give_to(const ownership& owner, const unique_fd& dir,
                  const std::string& name) {
  const auto given = dir_entry::change_owner(dir, name, owner.uid, owner.gid);
  return is_tolerated(given) ? std::errc{} : given;
}

} // namespace fsshare::guest
