// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/share_alias.hpp"

#include "core/paths.hpp"
#include "sys/mount/mount_query.hpp"
#include "sys/mount/share_visibility.hpp"
#include "sys/mount_identity.hpp"
#include "sys/process/kernel_calls.hpp"
#include "sys/tree/open_beneath.hpp"
#include "sys/unique_fd.hpp"

#include <algorithm>
#include <fcntl.h>
#include <optional>
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

// Takes those of `groups` that a mount outside the sandbox is in.
void add_outside(std::set<std::uint64_t>& outside,
                 const std::set<std::uint64_t>& groups,
                 const mount_places& mounts, const mount_place& sandbox) {
  for (const auto& entry : mounts.table())
    if (groups.contains(entry.peer_group) && !mounts.is_inside(entry, sandbox))
      outside.insert(entry.peer_group);
}

/// A mount table with the share root and a descriptor in it.
struct sight {
  mount_places mounts;
  mount_place root;
  located from;
};

result<sight> seen_from(int fd, const std::string& shown,
                        const held_root& share_root, mount_places mounts) {
  auto root = place_of_root(mounts, share_root);
  if (!root)
    return root.err();
  auto from = locate(mounts, fd, shown);
  if (!from)
    return from.err();
  return sight{std::move(mounts), *std::move(root), *std::move(from)};
}

std::optional<mount_identity> root_seen_by(const char* process) {
  const auto path = std::string{"/proc/"} + process + "/root";
  const unique_fd root{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (!root)
    return std::nullopt;
  const auto found = identify(root.get(), path);
  return found ? std::optional{*found} : std::nullopt;
}

// In a chroot the table lacks what is outside of it.
bool has_table_of_init() {
  if (!shares_namespace_with_init())
    return false;
  const auto own = root_seen_by("thread-self");
  return own && own == root_seen_by("1");
}

// What is ours is in no peer group with anything outside the sandbox but with
// what propagation made of it: in binds of what holds the share root, and there
// it lies inside the sandbox as well.
std::set<std::uint64_t> groups_outside(const std::set<std::uint64_t>& groups,
                                       const mount_places& mounts,
                                       const mount_place& sandbox) {
  std::set<std::uint64_t> outside;
  if (groups.empty())
    return outside;
  add_outside(outside, groups, mounts, sandbox);
  if (!has_table_of_init())
    if (auto host = read_mountinfo("/proc/1/mountinfo"))
      add_outside(outside, groups, mount_places{*std::move(host)}, sandbox);
  return outside;
}

// Whether it is known without the mount table that one mount is at a name, and
// nothing on or below it: then nothing is unmounted from what has a peer group.
bool is_alone_at(int parent, std::string_view name) {
  if (!available_calls().openat2)
    return false;
  const auto top = open_cached(parent, std::string{name}, O_PATH);
  const auto on = mount_query::id_of(parent);
  const auto mount = top ? mount_query::id_of(top.get()) : std::nullopt;
  if (!mount || !on)
    return false;
  const auto found = mount_query{}.look_at(*mount);
  const auto below = mount_query::below(*mount);
  return found && found->parent == *on && below && below->empty();
}

} // namespace

result<source_place> place_source(int source, const held_root& share_root,
                                  source_extent extent) {
  if (auto places = places_at_issue(source, share_root.fd(), extent))
    return place_in(*std::move(places), source, share_root, extent);
  auto table = read_mount_places(mount_details::places);
  if (!table)
    return table.err();
  return place_in(*std::move(table), source, share_root, extent);
}

result<source_place> place_in(mount_places places, int source,
                              const held_root& share_root,
                              source_extent extent) {
  const auto found = seen_from(source, "source", share_root, std::move(places));
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
  if (extent == source_extent::top)
    return source_place::apart;
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
  const auto place = place_source(source.get(), root, source_extent::tree);
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
  auto table = read_mount_places(mount_details::places);
  if (!table)
    return table.err();
  const auto found = seen_from(top, "source", tree.root(), *std::move(table));
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
  if (is_alone_at(parent, name))
    return std::vector<mounted_entry>{};
  auto table = read_mount_places();
  if (!table)
    return table.err();
  const auto found = seen_from(parent, "mount", tree.root(), *std::move(table));
  if (!found)
    return found.err();
  const auto& [mounts, root, from] = *found;
  const auto below = mounts.below(from.mount, join(from.path, name));
  std::set<std::uint64_t> groups;
  for (const auto* entry : below)
    if (entry->peer_group != 0)
      groups.insert(entry->peer_group);
  const auto outside
    = groups_outside(groups, mounts, root.at(tree.sandbox_name()));
  std::vector<mounted_entry> out;
  for (const auto* entry : below)
    if (outside.contains(entry->peer_group))
      out.push_back(*entry);
  return out;
}

} // namespace fsshare
