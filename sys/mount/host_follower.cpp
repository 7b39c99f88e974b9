// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/host_follower.hpp"

#include "core/paths.hpp"
#include "sys/mount/mount_places.hpp"
#include "sys/mount/mount_query.hpp"
#include "sys/mount/opened_source.hpp"
#include "sys/tree/open_beneath.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace fsshare {

namespace {

/// A directory and what is mounted below it.
struct mounted_tree {
  mounted_entry top;
  std::string path;
  std::vector<const mounted_entry*> below;
};

result<mounted_tree> tree_behind(mount_places& mounts, int fd,
                                 const std::string& shown) {
  auto path = real_path(fd, shown);
  if (!path)
    return path.err();
  auto top = mounts.mount_behind(fd, shown);
  if (!top)
    return top.err();
  auto below = mounts.below(*top, *path);
  return mounted_tree{*std::move(top), *std::move(path), std::move(below)};
}

std::string_view relative(const mounted_tree& tree,
                          const mounted_entry& mount) {
  const std::string_view point{mount.mount_point};
  return point.substr(
    std::min(point.size(), tree.path == "/" ? 0 : tree.path.size()));
}

// Ids are given out again; a mount can be moved.
const mounted_entry*
find_same(const std::map<std::uint64_t, mounted_entry>& there,
          const mounted_entry& mount) {
  const auto at = there.find(mount.id);
  return at != there.end() && at->second.device == mount.device
             && at->second.root == mount.root
           ? &at->second
           : nullptr;
}

// What the kernel unmounts in a clone by itself: what is mounted on a slave.
bool follows_by_itself(const mount_places& mounts, const mounted_tree& share,
                       const mounted_entry& clone) {
  const auto* parent
    = clone.parent == share.top.id ? &share.top : mounts.find(clone.parent);
  return parent != nullptr && parent->master != 0;
}

// Takes the mount that a clone was made from out of `left`.
mounted_entry take_original(const mounted_tree& source,
                            std::vector<const mounted_entry*>& left,
                            std::string_view where,
                            const mounted_entry& clone) {
  const auto found
    = std::find_if(left.begin(), left.end(), [&](const auto* entry) {
        return entry->device == clone.device && entry->root == clone.root
               && relative(source, *entry) == where;
      });
  if (found == left.end())
    return {};
  auto original = **found;
  left.erase(found);
  return original;
}

// Whether it is known without the mount table that nothing is mounted below
// what a descriptor was opened through.
bool is_alone(int fd) {
  const auto mount = mount_query::id_of(fd);
  const auto below = mount ? mount_query::below(*mount) : std::nullopt;
  return below && below->empty();
}

} // namespace

status host_follower::follow(const share_layout& layout, const share_tree& tree,
                             int source, const std::string& target) {
  const auto opened = tree.open_path(target);
  if (!opened)
    return opened.err();
  if (is_alone(opened->get()))
    return unit{};
  auto mounts = read_mount_places();
  if (!mounts)
    return mounts.err();
  const auto from = tree_behind(*mounts, source, "source");
  if (!from)
    return from.err();
  const auto share = tree_behind(*mounts, opened->get(), target);
  if (!share)
    return share.err();
  // Of a source that holds the share itself, that is no part.
  auto originals = from->below;
  std::erase_if(originals, [&](const auto* entry) {
    return entry->id == share->top.id
           || std::find(share->below.begin(), share->below.end(), entry)
                != share->below.end();
  });
  followed_share followed{layout, {}};
  for (const auto* entry : share->below) {
    if (follows_by_itself(*mounts, *share, *entry))
      continue;
    const auto where = relative(*share, *entry);
    followed.clones.push_back({*entry,
                               take_original(*from, originals, where, *entry),
                               target + std::string{where}});
  }
  if (!followed.clones.empty())
    shares_.insert_or_assign(target, std::move(followed));
  return unit{};
}

void host_follower::forget(std::string_view path) {
  std::erase_if(shares_, [path](const auto& entry) {
    return entry.first == path || is_below(entry.first, path);
  });
}

void host_follower::follow_one(const std::string& target, followed_share& share,
                               const share_tree& tree,
                               const mounts_by_id& there, host_look& out) {
  std::set<std::uint64_t> gone;
  for (const auto& clone : share.clones) {
    const auto* own = find_same(there, clone.own);
    // What lies below another one that goes does so with it.
    if (own == nullptr || gone.contains(own->parent)) {
      gone.insert(clone.own.id);
      continue;
    }
    if (find_same(there, clone.original) != nullptr)
      continue;
    auto detached = tree.detach_inside(target, clone.path, clone.own.id);
    if (!detached) {
      out.is_all = false;
      continue;
    }
    gone.insert(clone.own.id);
    out.detached.push_back(
      std::make_shared<const opened_source>(*std::move(detached), true));
  }
  std::erase_if(share.clones, [&gone](const auto& clone) {
    return gone.contains(clone.own.id);
  });
}

result<host_look> host_follower::look(const tree_maker& tree_of) {
  std::set<std::uint64_t> wanted;
  for (const auto& [target, share] : shares_)
    for (const auto& clone : share.clones) {
      wanted.insert(clone.own.id);
      wanted.insert(clone.original.id);
    }
  auto there = read_mounts(wanted);
  if (!there)
    return there.err();
  mounts_by_id by_id;
  for (auto& entry : *there)
    by_id.emplace(entry.id, std::move(entry));
  host_look out;
  for (auto& [target, share] : shares_)
    follow_one(target, share, tree_of(share.layout), by_id, out);
  std::erase_if(shares_, [](const auto& entry) {
    return entry.second.clones.empty();
  });
  return out;
}

} // namespace fsshare
