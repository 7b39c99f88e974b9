// SPDX-License-Identifier: Apache-2.0
#include "core/copy/landmarks.hpp"

#include "core/paths.hpp"

#include <utility>

namespace fsshare {

void landmarks::stands(const std::string& guest_root, std::string file) {
  volumes_[guest_root] = std::move(file);
}

void landmarks::copied(const std::string& guest_root) {
  trees_[guest_root] = tree_doubt::none;
}

void landmarks::goes(std::string_view path) {
  const auto is_going = [path](std::string_view name) {
    return name == path || is_below(name, path);
  };
  std::erase_if(volumes_, [&](const auto& entry) {
    return is_going(entry.first);
  });
  std::erase_if(trees_, [&](const auto& entry) {
    return is_going(entry.first);
  });
  for (auto& entry : volumes_)
    if (is_going(entry.second))
      entry.second.clear();
}

void landmarks::lost() {
  for (auto& entry : trees_)
    if (entry.second == tree_doubt::none)
      entry.second = tree_doubt::unknown;
}

void landmarks::found() {
  for (auto& entry : trees_)
    if (entry.second == tree_doubt::unknown)
      entry.second = tree_doubt::none;
}

void landmarks::gone() {
  volumes_.clear();
  for (auto& entry : trees_)
    entry.second = tree_doubt::gone;
}

const std::string* landmarks::any() const {
  for (const auto& entry : volumes_)
    if (!entry.second.empty())
      return &entry.second;
  return nullptr;
}

copy_step look_step(std::string_view file) {
  copy_step step;
  step.path = join(file, "look");
  step.mode = 0700;
  return step;
}

look_result look_result_of(errc code) {
  switch (code) {
  case errc::none: return look_result::gone;
  case errc::internal: return look_result::there;
  // A guest agent's policy may forbid the request, for one.
  default: return look_result::unknown;
  }
}

} // namespace fsshare
