// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/share_alias.hpp"

#include "core/paths.hpp"
#include "sys/tree/open_beneath.hpp"

#include <algorithm>
#include <fcntl.h>
#include <set>
#include <utility>

namespace fsshare {

namespace {

/// What a descriptor has open, in the words of a mount table.
struct located {
  mounted_entry mount;
  /// In this mount namespace.
  std::string path;

  mount_place place() const {
    return mount_places::place_of(mount, path);
  }
};

result<located> locate(mount_places& mounts, int fd, const std::string& shown) {
  auto path = real_path(fd, shown);
  if (!path)
    return path.err();
  auto mount = mounts.mount_behind(fd, shown);
  if (!mount)
    return mount.err();
  return located{*std::move(mount), *std::move(path)};
}

result<mount_place> place_of_root(mount_places& mounts, const held_root& root) {
  const auto found = locate(mounts, root.fd(), root.path());
  if (!found)
    return found.err();
  return found->place();
}

void add_groups(std::set<std::uint64_t>& groups, const mount_places& mounts,
                const mount_place& sandbox) {
  for (const auto& entry : mounts.table())
    if (entry.peer_group != 0 && !mounts.is_inside(entry, sandbox))
      groups.insert(entry.peer_group);
}

/// A mount table with the share root and a descriptor in it.
struct sight {
  mount_places mounts;
  mount_place root;
  located from;
};

result<sight> seen_from(int fd, const std::string& shown,
                        const held_root& share_root) {
  auto mounts = read_mount_places();
  if (!mounts)
    return mounts.err();
  auto root = place_of_root(*mounts, share_root);
  if (!root)
    return root.err();
  auto from = locate(*mounts, fd, shown);
  if (!from)
    return from.err();
  return sight{*std::move(mounts), *std::move(root), *std::move(from)};
}

// What is ours is in no peer group with anything outside the sandbox but with
// what propagation made of it: in binds of what holds the share root, and there
// it lies inside the sandbox as well.
std::set<std::uint64_t> groups_outside(const mount_places& mounts,
                                       const mount_place& sandbox) {
  std::set<std::uint64_t> groups;
  add_groups(groups, mounts, sandbox);
  if (auto host = read_mountinfo("/proc/1/mountinfo"))
    add_groups(groups, mount_places{*std::move(host)}, sandbox);
  return groups;
}

} // namespace

result<source_place> place_source(int source, const held_root& share_root) {
  const auto found = seen_from(source, "source", share_root);
  if (!found)
    return found.err();
  const auto& mounts = found->mounts;
  const auto& root = found->root;
  const auto& from = found->from;
  auto seen = from.mount;
  seen.root = from.place().path;
  if (mounts.is_inside(seen, root))
    return source_place::in_share_root;
  if (shows(from.mount, from.path, root))
    return source_place::holds_share_root;
  const auto below = mounts.below(from.mount, from.path);
  const bool holds
    = std::any_of(below.begin(), below.end(), [&](const auto* entry) {
        return shows(*entry, entry->mount_point, root)
               || mounts.is_inside(*entry, root, from.mount.id);
      });
  return holds ? source_place::holds_share_root : source_place::apart;
}

result<mount_crossing> crossing_at(const std::string& path,
                                   mount_crossing wanted,
                                   const held_root& root) {
  const unique_fd source{::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  // Who reads it says why.
  if (!source)
    return wanted;
  const auto place = place_source(source.get(), root);
  if (!place)
    return place.err();
  if (*place == source_place::in_share_root)
    return error{errc::invalid_argument, "source '" + path
                                           + "' leads into the share root '"
                                           + root.path() + "'"};
  return *place == source_place::apart ? wanted : mount_crossing::skip;
}

result<std::vector<mounted_entry>> share_mounts_below(int top,
                                                      const share_tree& tree) {
  const auto found = seen_from(top, "source", tree.root());
  if (!found)
    return found.err();
  const auto& [mounts, root, from] = *found;
  std::vector<mounted_entry> out;
  for (const auto* entry : mounts.below(from.mount, from.path))
    if (mounts.is_inside(*entry, root, from.mount.id))
      out.push_back(*entry);
  return out;
}

result<std::vector<mounted_entry>>
foreign_mounts_at(int parent, std::string_view name, const share_tree& tree) {
  const auto found = seen_from(parent, "mount", tree.root());
  if (!found)
    return found.err();
  const auto& [mounts, root, from] = *found;
  const auto groups = groups_outside(mounts, root.at(tree.sandbox_name()));
  std::vector<mounted_entry> out;
  for (const auto* entry : mounts.below(from.mount, join(from.path, name)))
    if (groups.contains(entry->peer_group))
      out.push_back(*entry);
  return out;
}

} // namespace fsshare
