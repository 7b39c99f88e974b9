// SPDX-License-Identifier: Apache-2.0
#include "sys/mount/mount_paths.hpp"

#include "core/paths.hpp"
#include "sys/errno_error.hpp"
#include "sys/mount/mount_paths_open.hpp"
#include "sys/tree/directory_names.hpp"
#include "sys/tree/open_beneath.hpp"

#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <unistd.h>
#include <utility>

namespace fsshare {

namespace {

constexpr int listing = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

// We make nothing but empty files and directories to mount on.
constexpr const char* held_apart = "a directory that is not empty";

// Removes `name` in `dir` if it is empty; `path` is for the sentence.
result<share_tree::removal> remove_if_empty(int dir, const std::string& name,
                                            const std::string& path) {
  const auto seen = look_beneath(dir, name);
  if (seen.failure == ENOENT)
    return share_tree::removal{};
  if (seen.failure != 0)
    return errno_error(seen.failure, "stat", path);
  // May be ours: what shares lie on can have been unmounted by hand.
  if (seen.is_mount_point)
    return refused("something is mounted there");
  if (!seen.is_directory && !seen.is_file)
    return share_tree::removal{false, "neither a file nor a directory"};
  if (seen.is_file && seen.size != 0)
    return share_tree::removal{false, "a file with content"};
  if (::unlinkat(dir, name.c_str(), seen.is_directory ? AT_REMOVEDIR : 0) == 0)
    return share_tree::removal{true, {}};
  if (errno == ENOENT)
    return share_tree::removal{};
  if (errno == ENOTEMPTY || errno == EEXIST)
    return share_tree::removal{false, held_apart};
  return errno_error(errno, seen.is_directory ? "rmdir" : "unlink", path);
}

unique_fd open_listing(int dir, const std::string& name) {
  return open_beneath(dir, name, listing, mount_crossing::skip);
}

void note(share_tree::removed_entries& out, std::string path,
          const result<share_tree::removal>& what) {
  if (!what)
    out.leftovers.push_back({std::move(path), what.err().message});
  else if (!what->foreign.empty())
    out.foreign.push_back({std::move(path), what->foreign});
  else
    out.removed += what->removed ? 1 : 0;
}

// Removes what is empty among the entries of `dir`; looks into none of them.
share_tree::removed_entries remove_leaves(unique_fd dir,
                                          const std::string& path) {
  share_tree::removed_entries out;
  const auto names = names_in(dir, path);
  if (!names) {
    out.leftovers.push_back({path, names.err().message});
    return out;
  }
  for (const auto& name : *names)
    note(out, join(path, name),
         remove_if_empty(dir.get(), name, join(path, name)));
  return out;
}

// Removes `name` with the empty entries in it.
share_tree::removed_entries remove_branch(int dir, const std::string& name,
                                          const std::string& path) {
  share_tree::removed_entries out;
  const auto at_once = remove_if_empty(dir, name, path);
  if (!at_once || at_once->foreign != held_apart) {
    note(out, path, at_once);
    return out;
  }
  auto inside = open_listing(dir, name);
  if (!inside) {
    out.leftovers.push_back({path, open_error(errno, path).message});
    return out;
  }
  out = remove_leaves(std::move(inside), path);
  if (out.leftovers.empty() && out.foreign.empty())
    note(out, path, remove_if_empty(dir, name, path));
  return out;
}

} // namespace

result<share_tree::removal>
share_tree::remove_empty(const std::string& path) const {
  const auto parent = open_own_parent(path);
  if (!parent && parent.err().code == errc::not_found)
    return removal{};
  if (!parent)
    return parent.err();
  return remove_if_empty(parent->get(), std::string{base_name(path)}, path);
}

result<share_tree::removed_entries>
share_tree::remove_empty_entries(const std::string& path) const {
  const auto dir = open_below(path, listing, mount_crossing::skip);
  if (!dir && dir.err().code == errc::not_found)
    return removed_entries{};
  if (!dir)
    return dir.err();
  const auto names = names_in(*dir, path);
  if (!names)
    return names.err();
  removed_entries out;
  for (const auto& name : *names) {
    auto branch = remove_branch(dir->get(), name, join(path, name));
    out.removed += branch.removed;
    std::move(branch.leftovers.begin(), branch.leftovers.end(),
              std::back_inserter(out.leftovers));
    std::move(branch.foreign.begin(), branch.foreign.end(),
              std::back_inserter(out.foreign));
  }
  return out;
}

result<share_tree::removed_entries>
share_tree::remove_mark(const std::string& path, bool rest_is_foreign) const {
  const auto parent = open_parent(path, mount_crossing::skip);
  if (!parent)
    return parent.err();
  const std::string dir{parent_path(path)};
  const std::string name{base_name(path)};
  const auto opened = open_listing(parent->get(), ".");
  if (!opened)
    return open_error(errno, dir);
  const auto names = names_in(opened, dir);
  if (!names)
    return names.err();
  removed_entries out;
  for (const auto& other : *names) {
    if (other == name)
      continue;
    auto beside = join(dir, other);
    if (!rest_is_foreign)
      return refused(beside + " is still there");
    const bool is_ours = beside == mounts_dir_ || beside == shared_dir_
                         || beside == staging_dir_;
    const auto seen = is_ours ? look_at(opened.get(), other) : looked_up{};
    if (seen.failure != 0 && seen.failure != ENOENT)
      return errno_error(seen.failure, "stat", beside);
    if (seen.is_mount_point)
      return refused(beside + " is still mounted");
    out.foreign.push_back({std::move(beside), "it is not ours"});
  }
  if (::unlinkat(parent->get(), name.c_str(), 0) == 0)
    out.removed = 1;
  else if (errno != ENOENT)
    return errno_error(errno, "unlink", path);
  return out;
}

} // namespace fsshare
