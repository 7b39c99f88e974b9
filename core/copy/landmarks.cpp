// SPDX-License-Identifier: Apache-2.0
#include "core/copy/landmarks.hpp"

#include "core/paths.hpp"
#include "core/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace fsshare {

namespace {

// Leaves room for the name that is asked for below it.
constexpr std::size_t max_landmark_name = 200;
// Kubelets, runtimes and we make nothing of that name.
constexpr std::string_view nothing = "..fsshare-none";
// One byte more than any file's.
constexpr std::size_t too_long_name = 256;
// What is there in every guest, and cannot be changed through a link.
constexpr std::string_view elsewhere = "/proc/self/status";

bool is_fit(const tree_entry& entry, const skipped_list& missing) {
  const auto name = base_name(entry.path);
  return entry.type == entry_type::file && name.size() < max_landmark_name
         && is_utf8(entry.path) && !name.ends_with(".tmp")
         && std::none_of(missing.begin(), missing.end(),
                         [&entry](const auto& left_out) {
                           return left_out.path == entry.path;
                         });
}

bool asks_by_link(const landmark& what, const guest_profile& guest) {
  return !guest.removal && what.what != landmark::kind::volume_file;
}

// Erases what is at or below a path from a map by path. A node has thousands of
// copies, and something goes of each at every rotation.
// @returns how many it looked at.
template <class Map>
std::size_t erase_below(Map& map, std::string_view path) {
  std::size_t looked_at = map.erase(std::string{path});
  const auto below = std::string{path} + "/";
  auto i = map.lower_bound(below);
  for (; i != map.end(); ++looked_at) {
    if (!i->first.starts_with(below))
      return looked_at + 1;
    i = map.erase(i);
  }
  return looked_at;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Where nothing is made on the way errno alone tells, whatever its context.
look_result result_of_way(const landmark& what, errc code,
                          std::string_view message) {
  const bool is_dir = what.what == landmark::kind::tree_root;
  // A directory has been made where the file was.
  if (code == errc::none && !is_dir)
    return look_result::gone;
  if (code != errc::internal)
    return look_result::unknown;
  if (contains(message, is_dir ? "File name too long" : "Not a directory"))
    return look_result::there;
  return contains(message, "No such file or directory") ? look_result::gone
                                                        : look_result::unknown;
}

} // namespace

void landmarks::stands(const std::string& guest_root,
                       std::vector<std::string> files) {
  volumes_[guest_root] = std::move(files);
  // A tree that has become a volume.
  trees_.erase(guest_root);
}

void landmarks::copied(const std::string& guest_root, std::string file) {
  trees_[guest_root] = {tree_doubt::none, std::move(file)};
}

std::size_t landmarks::goes(std::string_view path) {
  auto looked_at = erase_below(volumes_, path) + erase_below(trees_, path);
  const auto is_going = [path](std::string_view name) {
    return name == path || is_below(name, path);
  };
  // The copies that it lies in, if any: what they keep lies below their roots.
  for (auto root = std::string{path}; root.size() > 1;
       root = std::string{parent_path(root)}) {
    if (const auto i = volumes_.find(root); i != volumes_.end()) {
      ++looked_at;
      std::erase_if(i->second, is_going);
    }
    if (const auto i = trees_.find(root); i != trees_.end()) {
      ++looked_at;
      if (is_going(i->second.file))
        i->second.file.clear();
    }
  }
  return looked_at;
}

void landmarks::lost() {
  for (auto& entry : trees_)
    if (entry.second.doubt == tree_doubt::none)
      entry.second.doubt = tree_doubt::unknown;
}

// Whether it is of a tree that is there, too.
bool landmarks::is_part(const std::string& guest_root) const {
  for (auto root = parent_path(guest_root); root.size() > 1;
       root = parent_path(root))
    if (trees_.contains(std::string{root}))
      return true;
  return false;
}

std::vector<landmark> landmarks::to_ask(const guest_profile& guest) const {
  std::vector<landmark> asked;
  if (!guest.entries)
    return asked;
  for (const auto& [root, files] : volumes_) {
    if (asked.size() == most_asked)
      return asked;
    if (!files.empty())
      asked.push_back({landmark::kind::volume_file, root, files.front()});
  }
  for (const auto& [root, known] : trees_) {
    if (asked.size() == most_asked)
      return asked;
    if (known.doubt != tree_doubt::gone && !known.file.empty())
      asked.push_back({landmark::kind::tree_file, root, known.file});
  }
  add_roots(asked, guest);
  if (asked.size() == 1)
    for (const auto& [root, files] : volumes_)
      for (std::size_t i = 1; i < files.size(); ++i)
        asked.push_back({landmark::kind::volume_file, root, files[i]});
  asked.resize(std::min(asked.size(), most_asked));
  return asked;
}

// Of trees without a file that no workload can remove.
void landmarks::add_roots(std::vector<landmark>& to,
                          const guest_profile& guest) const {
  if (!guest.confined && guest.removal)
    return;
  for (const auto& [root, known] : trees_) {
    if (to.size() >= most_asked)
      return;
    if (known.doubt != tree_doubt::gone && known.file.empty() && !is_part(root))
      to.push_back({landmark::kind::tree_root, root, root});
  }
}

void landmarks::lose(tree& which) {
  which.is_news |= which.doubt != tree_doubt::gone;
  which.doubt = tree_doubt::gone;
}

look_verdict landmarks::judge(const std::vector<landmark>& gone,
                              bool any_there) {
  if (gone.empty() && !any_there)
    return look_verdict::unknown;
  if (!any_there) {
    volumes_.clear();
    for (auto& entry : trees_)
      lose(entry.second);
    return look_verdict::empty;
  }
  for (auto& entry : trees_)
    if (entry.second.doubt == tree_doubt::unknown)
      entry.second.doubt = tree_doubt::none;
  auto verdict = look_verdict::there;
  for (const auto& one : gone) {
    if (one.what == landmark::kind::volume_file) {
      volumes_.erase(one.guest_root);
      verdict = look_verdict::damaged;
    } else if (const auto i = trees_.find(one.guest_root); i != trees_.end()) {
      lose(i->second);
    }
  }
  return verdict;
}

std::vector<std::string> landmarks::take_gone() {
  std::vector<std::string> roots;
  for (auto& [root, known] : trees_)
    if (std::exchange(known.is_news, false))
      roots.push_back(root);
  return roots;
}

std::optional<tree_doubt>
landmarks::doubt_of(std::string_view guest_path) const {
  std::optional<tree_doubt> found;
  for (auto root = guest_path; root.size() > 1; root = parent_path(root)) {
    const auto i = trees_.find(std::string{root});
    if (i == trees_.end())
      continue;
    found = i->second.doubt;
    if (found != tree_doubt::none)
      break;
  }
  return found;
}

std::vector<std::string> landmark_files(const tree_snapshot& tree,
                                        std::string_view guest_path,
                                        std::size_t most,
                                        const skipped_list& missing) {
  std::vector<std::string> files;
  if (missing.more() > 0)
    return files;
  for (const auto& entry : tree.entries) {
    if (files.size() == most)
      break;
    if (is_fit(entry, missing))
      files.push_back(entry.path.empty() ? std::string{guest_path}
                                         : join(guest_path, entry.path));
  }
  return files;
}

copy_step look_step(const landmark& what, const guest_profile& guest) {
  copy_step step;
  if (asks_by_link(what, guest)) {
    step.type = entry_type::symlink;
    step.path = what.path;
    step.target = what.path == what.guest_root ? elsewhere : ".";
  } else if (what.what == landmark::kind::tree_root
             && !guest.implicit_parents) {
    step = removal_step(join(what.path, std::string(too_long_name, 'x')), 0, 0);
  } else if (what.what == landmark::kind::tree_root) {
    // Its parent, the directory that holds all copies, is root's.
    step = removal_step(join(join(what.path, ".."), nothing), 0, 0);
  } else {
    step.path = join(what.path, "look");
    step.mode = 0700;
  }
  return step;
}

look_result look_result_of(const landmark& what, const guest_profile& guest,
                           errc code, std::string_view message) {
  if (!guest.implicit_parents)
    return result_of_way(what, code, message);
  if (what.what == landmark::kind::tree_root && guest.removal) {
    if (guest.classify_removal(code, message) == removal_result::removed)
      return look_result::there;
    return code == errc::internal && contains(message, "mkdir_all")
               && contains(message, "No such file or directory")
             ? look_result::gone
             : look_result::unknown;
  }
  if (code == errc::none)
    return look_result::gone;
  const std::string_view refusal
    = asks_by_link(what, guest) ? "File exists" : "Not a directory";
  // A guest agent's policy may forbid the request, or the guest be full.
  return code == errc::internal && contains(message, refusal)
           ? look_result::there
           : look_result::unknown;
}

} // namespace fsshare
