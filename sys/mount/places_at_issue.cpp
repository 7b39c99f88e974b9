// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/places_at_issue.hpp"

#include "sys/mount/mount_query.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace fsshare {

namespace {

using mount_ids = std::vector<std::uint64_t>;

/// Which mounts are none of one file system. A mount is of the same one for as
/// long as it is there, and its id is not given out again.
class known_others {
public:
  /// Returns those of `ids` that may be of the file system.
  /// @param ids In their order.
  mount_ids left_of(const mount_ids& ids, const std::string& device) {
    if (device != device_)
      ids_.clear();
    device_ = device;
    mount_ids left;
    std::set_difference(ids.begin(), ids.end(), ids_.begin(), ids_.end(),
                        std::back_inserter(left));
    return left;
  }

  /// Takes in what is none, of what is there.
  void add(const mount_ids& others, const mount_ids& there) {
    mount_ids all;
    std::set_union(ids_.begin(), ids_.end(), others.begin(), others.end(),
                   std::back_inserter(all));
    // What is gone by now goes, before it is more than what is there.
    if (all.size() > 2 * there.size() + spare) {
      mount_ids still;
      std::set_intersection(all.begin(), all.end(), there.begin(), there.end(),
                            std::back_inserter(still));
      all = std::move(still);
    }
    ids_ = std::move(all);
  }

private:
  static constexpr std::size_t spare = 4096;
  std::string device_;
  mount_ids ids_;
};

class places_reader {
public:
  /// Adds a mount and what it is mounted on, as far as a mount table has it;
  /// returns the mount.
  std::optional<mounted_entry> add_way_up(std::uint64_t id) {
    std::optional<mounted_entry> first;
    for (;;) {
      auto found = query_.look_at(id);
      if (!found || (!first && found->entry.mount_point.empty()))
        return std::nullopt;
      if (!first)
        first = found->entry;
      if (found->entry.mount_point.empty() || !taken_.insert(id).second)
        return first;
      places_.push_back(std::move(found->entry));
      id = found->parent;
    }
  }

  /// Adds the mounts of a file system below a mount.
  bool add_below(std::uint64_t top, const std::string& device) {
    const auto there = mount_query::below(top);
    if (!there)
      return false;
    static thread_local known_others others;
    mount_ids new_others;
    for (const auto id : others.left_of(*there, device)) {
      const auto found = query_.look_at(id);
      // It is gone again, or on its way elsewhere.
      if (!found)
        return false;
      if (found->entry.device != device)
        new_others.push_back(id);
      else if (!add_way_up(id))
        return false;
    }
    others.add(new_others, *there);
    return true;
  }

  mount_places places() && {
    return mount_places{std::move(places_)};
  }

private:
  mount_query query_;
  std::unordered_set<std::uint64_t> taken_;
  std::vector<mounted_entry> places_;
};

} // namespace

std::optional<mount_places> places_at_issue(int source, int share_root,
                                            source_extent extent) {
  const auto from = mount_query::id_of(source);
  const auto root = mount_query::id_of(share_root);
  if (!from || !root)
    return std::nullopt;
  places_reader reader;
  const auto holds_root = reader.add_way_up(*root);
  if (!holds_root || !reader.add_way_up(*from))
    return std::nullopt;
  if (extent == source_extent::tree
      && !reader.add_below(*from, holds_root->device))
    return std::nullopt;
  return std::move(reader).places();
}

} // namespace fsshare
