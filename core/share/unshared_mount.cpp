// SPDX-License-Identifier: Apache-2.0
#include "core/share/unshared_mount.hpp"

#include "core/paths.hpp"

#include <algorithm>

namespace fsshare {

namespace {

bool is_bind(const mount_entry& mount) {
  const auto is_word = [](const std::string& word) {
    return word == "bind" || word == "rbind";
  };
  return mount.type.empty() || is_word(mount.type)
         || std::any_of(mount.options.begin(), mount.options.end(), is_word);
}

bool is_at_or_below(const std::string& path, const std::string& dir) {
  return path == dir || is_below(path, dir);
}

} // namespace

std::string why_unshared(const mount_entry& mount) {
  if (!is_bind(mount))
    return "it is no bind mount";
  if (mount.destination == "/dev/shm")
    return "the guest has a /dev/shm of its own";
  for (const std::string dir : {"/proc", "/sys"})
    if (is_at_or_below(mount.source, dir))
      return "the guest has a " + dir + " of its own";
  if (mount.source == "/dev")
    return "the guest has devices of its own";
  return {};
}

} // namespace fsshare
