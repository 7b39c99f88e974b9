// SPDX-License-Identifier: Apache-2.0
#include "core/volume/volume_digest.hpp"

#include "core/fnv1a.hpp"

namespace fsshare {

namespace {

void add_entry(fnv1a& sum, const tree_entry& entry) {
  sum.add(entry.path);
  sum.add(static_cast<std::uint32_t>(entry.type));
  sum.add(entry.mode);
  sum.add(entry.uid);
  sum.add(entry.gid);
}

} // namespace

std::uint64_t volume_digest(const tree_entry& root, const tree_snapshot& tree) {
  fnv1a sum;
  add_entry(sum, root);
  for (const auto& entry : tree.entries)
    add_entry(sum, entry);
  return sum.value();
}

} // namespace fsshare
