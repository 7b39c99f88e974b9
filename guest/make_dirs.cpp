// SPDX-License-Identifier: Apache-2.0
#include "guest/make_dirs.hpp"

#include "core/paths.hpp"
#include "guest/share_path.hpp"
#include "sys/standin/dir_entry.hpp"

#include <algorithm>
#include <vector>

namespace fsshare::guest {

namespace {

// What of a path exists, and the names that do not, the last one first.
struct partial_path {
  unique_fd found;
  std::vector<std::string> missing;
};

os_result<partial_path> find_longest(const confined_dir& root,
                                     std::string path) {
  partial_path out;
  for (;;) {
    auto dir = root.find_dir(path, confinement::in_root);
    if (dir) {
      out.found = std::move(*dir);
      return out;
    }
    if (path.empty() || dir.err() != std::errc::no_such_file_or_directory)
      return dir.err();
    auto last = split(path);
    out.missing.push_back(std::move(last.name));
    path = std::move(last.parent);
  }
}

} // namespace

os_result<unique_fd> make_dirs(const confined_dir& root,
                               const std::string& path, std::uint32_t mode) {
  auto partial = find_longest(root, path);
  if (!partial)
    return partial.err();
  auto& missing = partial->missing;
  for (const auto& name : missing)
    if (name == "..")
      return std::errc::no_such_file_or_directory;
  auto at = std::move(partial->found);
  std::reverse(missing.begin(), missing.end());
  for (const auto& name : missing) {
    const auto made = dir_entry::make_directory(at, name, mode);
    if (made != std::errc{} && made != std::errc::file_exists)
      return made;
    auto next = dir_entry::find_directory(at, name);
    if (!next)
      return next.err();
    at = std::move(*next);
  }
  return at;
}

} // namespace fsshare::guest
