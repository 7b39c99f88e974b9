// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace fsshare::test {

/// Returns the paths of a tree's entries, in their order.
inline std::vector<std::string> paths(const tree_snapshot& tree) {
  std::vector<std::string> out;
  for (const auto& entry : tree.entries)
    out.push_back(entry.path);
  return out;
}

/// Returns the entry of a path; fails the case if there is none.
inline const tree_entry& entry_at(const tree_snapshot& tree,
                                  std::string_view path) {
  const auto found = std::find_if(tree.entries.begin(), tree.entries.end(),
                                  [&](const tree_entry& entry) {
                                    return entry.path == path;
                                  });
  REQUIRE(found != tree.entries.end());
  return *found;
}

} // namespace fsshare::test
