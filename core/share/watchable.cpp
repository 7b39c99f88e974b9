// SPDX-License-Identifier: Apache-2.0
#include "core/share/watchable.hpp"

#include "core/paths.hpp"
#include "core/volume/volume_shape.hpp"

#include <algorithm>
#include <map>

namespace fsshare {

namespace {

constexpr std::size_t max_entries = 16;
constexpr std::uint64_t max_bytes = std::uint64_t{1} << 20;

struct measure {
  std::size_t entries = 0;
  std::uint64_t bytes = 0;

  void add(const tree_entry& entry) {
    ++entries;
    bytes += entry.size;
  }
};

} // namespace

bool may_be_watchable(std::string_view source) {
  const auto dir = base_name(parent_path(source));
  return dir == "kubernetes.io~configmap" || dir == "kubernetes.io~secret";
}

bool may_hold_watchable(std::string_view guest_share_dir) {
  constexpr std::string_view of_users = "/run/user/";
  constexpr std::string_view digits = "0123456789";
  auto dir = guest_share_dir;
  if (dir.starts_with(of_users)) {
    const auto uid_end = dir.find('/', of_users.size());
    const auto uid = dir.substr(of_users.size(), std::min(uid_end, dir.size())
                                                   - of_users.size());
    if (uid_end == std::string_view::npos || uid.empty() || uid == "0"
        || uid.find_first_not_of(digits) != std::string_view::npos)
      return false;
    dir.remove_prefix(uid_end);
  }
  return dir == "/run/kata-containers/shared/containers"
         || dir == "/run/kata-containers/shared/containers/passthrough";
}

bool fits_guest_watcher(const tree_snapshot& volume) {
  const auto is_leaf = [](const tree_entry& entry) {
    return entry.type != entry_type::directory;
  };
  if (!volume.skipped.empty() || volume.entries.empty()
      || is_leaf(volume.entries.front())
      || std::none_of(volume.entries.begin(), volume.entries.end(), is_leaf))
    return false;
  measure all;
  std::map<std::string_view, measure> generations;
  for (const auto& entry : volume.entries) {
    const auto name
      = std::string_view{entry.path}.substr(0, entry.path.find('/'));
    if (is_generation_name(name))
      generations[name].add(entry);
    else
      all.add(entry);
  }
  measure largest;
  for (const auto& [name, one] : generations) {
    largest.entries = std::max(largest.entries, one.entries);
    largest.bytes = std::max(largest.bytes, one.bytes);
  }
  const std::size_t new_link = generations.empty() ? 0 : 1;
  return all.entries + 2 * largest.entries + new_link <= max_entries
         && all.bytes + 2 * largest.bytes <= max_bytes;
}

storage watchable_storage(const share_layout& layout,
                          std::string_view share_name,
                          const std::vector<std::string>& options) {
  storage made;
  made.driver = "watchable-bind";
  made.source = layout.guest_share(share_name);
  made.fstype = "bind";
  made.options = options;
  made.mount_point = layout.guest_watchable(share_name);
  return made;
}

} // namespace fsshare
