// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_places.hpp"

#include "core/paths.hpp"
#include "sys/mount_identity.hpp"

#include <sys/sysmacros.h>
#include <unordered_set>
#include <utility>

namespace fsshare {

namespace {

bool is_at_or_below(std::string_view path, std::string_view dir) {
  return path == dir || is_below(path, dir);
}

} // namespace

mount_place mount_place::at(std::string_view name) const {
  return {device, join(path, name)};
}

mount_places::mount_places(std::vector<mounted_entry> table)
  : table_(std::move(table)) {
  by_id_.reserve(table_.size());
  for (std::size_t i = 0; i < table_.size(); ++i)
    by_id_.emplace(table_[i].id, i);
}

const mounted_entry* mount_places::find(std::uint64_t id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : &table_[at->second];
}

result<mounted_entry> mount_places::mount_behind(int fd,
                                                 std::string_view shown) {
  const auto mount = mount_of(fd, shown);
  if (!mount)
    return mount.err();
  if (const auto* entry = find(*mount))
    return *entry;
  const auto found = identify(fd, shown);
  if (!found)
    return found.err();
  mounted_entry outer;
  outer.id = found->mount;
  outer.device = std::to_string(major(found->device)) + ":"
                 + std::to_string(minor(found->device));
  outer.root = outer.mount_point = "/";
  by_id_.emplace(outer.id, table_.size());
  table_.push_back(outer);
  return outer;
}

mount_place mount_places::place_of(const mounted_entry& mount,
                                   std::string_view path) {
  const std::string_view top{mount.mount_point};
  if (!is_below(path, top))
    return {mount.device, mount.root};
  return {mount.device,
          join(mount.root, path.substr(top == "/" ? 1 : top.size() + 1))};
}

bool mount_places::is_inside(const mounted_entry& mount,
                             const mount_place& place,
                             std::uint64_t top) const {
  const auto* at = &mount;
  // A table that was read while it changed can have parents in a circle.
  for (std::size_t i = 0; i <= table_.size(); ++i) {
    if (at->id == top)
      return false;
    if (at->device == place.device && is_at_or_below(at->root, place.path))
      return true;
    const auto* parent = find(at->parent);
    if (parent == nullptr || parent == at)
      return false;
    const auto where = place_of(*parent, at->mount_point);
    if (where.device == place.device && is_at_or_below(where.path, place.path))
      return true;
    at = parent;
  }
  return false;
}

std::vector<const mounted_entry*>
mount_places::below(const mounted_entry& mount, std::string_view path) const {
  std::vector<const mounted_entry*> out;
  std::unordered_set<std::uint64_t> taken;
  // The kernel lists parents before children but for mounts that were moved.
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& entry : table_) {
      const bool is_child = (entry.parent == mount.id && entry.id != mount.id
                             && is_at_or_below(entry.mount_point, path))
                            || taken.contains(entry.parent);
      if (!is_child || !taken.insert(entry.id).second)
        continue;
      out.push_back(&entry);
      grew = true;
    }
  }
  return out;
}

result<mount_places> read_mount_places(mount_details wanted) {
  if (wanted == mount_details::places) {
    std::vector<mounted_entry> places;
    const auto read
      = scan_mounts(own_mount_table, [&places](const mounted_entry& entry) {
          places.push_back(entry);
        });
    if (!read)
      return read.err();
    return mount_places{std::move(places)};
  }
  auto table = read_mountinfo();
  if (!table)
    return table.err();
  return mount_places{*std::move(table)};
}

bool shows(const mounted_entry& mount, std::string_view from,
           const mount_place& place) {
  return mount.device == place.device
         && is_at_or_below(place.path,
                           mount_places::place_of(mount, from).path);
}

} // namespace fsshare
