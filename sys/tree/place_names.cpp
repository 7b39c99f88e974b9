// SPDX-License-Identifier: Apache-2.0
#include "sys/tree/place_names.hpp"

#include "core/paths.hpp"
#include "sys/mount_identity.hpp"
#include "sys/tree/open_beneath.hpp"

#include <algorithm>
#include <optional>

namespace fsshare {

namespace {

// Returns what leads from `dir` to `path`; nothing if that is neither the same
// nor below it.
std::optional<std::string> way_from(std::string_view dir,
                                    std::string_view path) {
  if (path == dir)
    return std::string{};
  if (!is_below(path, dir))
    return std::nullopt;
  path.remove_prefix(dir == "/" ? 1 : dir.size() + 1);
  return std::string{path};
}

} // namespace

place_names::place_names(int fd, const std::string& shown,
                         const std::vector<mounted_entry>& table) {
  const auto real = real_path(fd, shown);
  names_.push_back(real ? *real : shown);
  const auto mount = mount_of(fd, shown);
  const auto mine
    = std::find_if(table.begin(), table.end(), [&mount](const auto& entry) {
        return mount && entry.id == *mount;
      });
  if (mine == table.end())
    return;
  const auto way = way_from(mine->mount_point, names_.front());
  if (!way)
    return;
  // In its filesystem, which may be mounted nowhere as a whole.
  const auto place = join(mine->root, *way);
  names_.push_back(place);
  for (const auto& entry : table) {
    if (entry.device != mine->device)
      continue;
    if (const auto rest = way_from(entry.root, place))
      names_.push_back(join(entry.mount_point, *rest));
    else if (auto inside = way_from(place, entry.root))
      inner_.push_back({*std::move(inside), entry.mount_point});
  }
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

std::vector<std::string> place_names::of(std::string_view path) const {
  std::vector<std::string> out;
  for (const auto& name : names_)
    out.push_back(join(name, path));
  for (const auto& mount : inner_)
    if (const auto rest = way_from(mount.path, path))
      out.push_back(join(mount.mount_point, *rest));
  return out;
}

} // namespace fsshare
