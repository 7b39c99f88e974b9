// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/made_tree.hpp"

#include <filesystem>

namespace fsshare::bench {

made_tree::made_tree(const tree_shape& shape) {
  if (shape.levels == 0)
    fill("tree", shape);
  else
    add_levels(shape);
}

void made_tree::fill(const std::string& name, const tree_shape& shape) const {
  const std::string content(shape.bytes, 'x');
  for (int n = 0; n < shape.files; ++n)
    dir_.write(name + "/file" + std::to_string(n), content);
}

void made_tree::add_levels(const tree_shape& shape) const {
  std::string above = "tree";
  for (int level = 0; level < shape.levels; ++level) {
    std::string dir;
    for (int n = 0; n < shape.directories; ++n) {
      dir = above + "/dir" + std::to_string(n);
      fill(dir, shape);
      std::filesystem::create_symlink("file0", dir_ / (dir + "/link"));
    }
    above = dir;
  }
}

} // namespace fsshare::bench
