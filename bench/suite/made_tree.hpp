// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/temp_dir.hpp"

#include <cstddef>
#include <string>

namespace fsshare::bench {

/// A directory with some files of the same size; or, where it has levels, a
/// deep one: each level is some directories with so many files and one link
/// each, and the last of them holds the next level.
struct tree_shape {
  int files = 0;
  std::size_t bytes = 0;
  int levels = 0;
  /// Of each level.
  int directories = 0;
};

/// A tree in memory, made anew for each row.
class made_tree {
public:
  explicit made_tree(const tree_shape& shape);

  std::string path() const {
    return dir_ / "tree";
  }

private:
  void fill(const std::string& name, const tree_shape& shape) const;
  void add_levels(const tree_shape& shape) const;

  test::temp_dir dir_;
};

} // namespace fsshare::bench
