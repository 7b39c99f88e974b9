// SPDX-License-Identifier: Apache-2.0
#include "core/copy/guest_files.hpp"

#include "core/copy/sealed_file.hpp"
#include "core/paths.hpp"
#include "core/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Forgets a path below the root, and what is below that.
bool forget_below(guest_files& of, const std::string& path) {
  const auto goes = [&path](const std::string& each) {
    return each == path || is_below(each, path);
  };
  std::erase_if(of.sealed, goes);
  return std::erase_if(of.sizes,
                       [&goes](const auto& entry) {
                         return goes(entry.first);
                       })
         > 0;
}

} // namespace

guest_files files_of(const tree_snapshot& tree, std::string root) {
  guest_files out;
  out.root = std::move(root);
  for (const auto& entry : tree.entries) {
    // Other names are not sent.
    if (entry.type != entry_type::file || !is_utf8(entry.path))
      continue;
    out.sizes[entry.path] = entry.size;
    if (is_sealed(entry.content))
      out.sealed.insert(entry.path);
  }
  return out;
}

bool add_files(guest_file_map& to, const guest_files& more) {
  const auto [known, is_new] = to.try_emplace(more.root, more);
  if (is_new)
    return true;
  auto all = known->second;
  for (const auto& [path, size] : more.sizes) {
    auto& largest = all.sizes[path];
    largest = std::max(largest, size);
  }
  all.sealed.insert(more.sealed.begin(), more.sealed.end());
  return std::exchange(known->second, all) != all;
}

bool forget_files(guest_file_map& of, const std::string& path) {
  bool was_known = of.erase(path) > 0;
  const auto below = path + "/";
  for (auto i = of.lower_bound(below);
       i != of.end() && i->first.starts_with(below); i = of.erase(i))
    was_known = true;
  for (auto dir = parent_path(path); dir.size() > 1; dir = parent_path(dir))
    if (const auto above = of.find(std::string{dir}); above != of.end())
      was_known |= forget_below(above->second, path.substr(dir.size() + 1));
  return was_known;
}

} // namespace fsshare
