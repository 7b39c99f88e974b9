#include "guest/ownership.hpp"

#include "sys/dir_entry.hpp"
#include "sys/file_handle.hpp"
#include "sys/identity.hpp"

namespace fsshare::guest {

namespace {

std::errc tolerate(std::errc outcome) {
  if (outcome == std::errc::operation_not_permitted && effective_uid() != 0)
    return {};
  return outcome;
}

} // namespace

std::errc give_to(const ownership& owner, const unique_fd& file) {
  return tolerate(file_handle::change_owner(file, owner.uid, owner.gid));
}

std::errc give_to(const ownership& owner, const unique_fd& dir,
                  const std::string& name) {
  return tolerate(dir_entry::change_owner(dir, name, owner.uid, owner.gid));
}

} // namespace fsshare::guest
