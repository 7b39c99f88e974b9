// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/copy_plan.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// A regular file that a guest may hold.
struct guest_file {
  /// Absolute path in the guest.
  std::string path;
  /// Its size; of one that is not finished the largest that was announced.
  std::uint64_t size = 0;
  /// All of it was acknowledged. If not, it may be there, or its temporary.
  bool is_finished = true;

  friend bool operator==(const guest_file&, const guest_file&) = default;
};

/// What stands at and below a guest path that shall go, for guest agents that
/// remove nothing but links that resolve. All paths are absolute.
struct guest_contents {
  /// Links that resolve as long as the files are there.
  std::vector<std::string> links;
  std::vector<guest_file> files;
  /// Directories and links whose names are those of temporaries: no file can
  /// be emptied whose temporary would have such a path.
  std::vector<std::string> obstacles;
  /// Links that the ones above lead through, such as `..data`.
  std::vector<std::string> last_links;

  bool empty() const {
    return links.empty() && files.empty() && last_links.empty();
  }
};

/// Adds the files of a tree that stands at `guest_path`, and what is in the way
/// of emptying them. Entries that were skipped are not in the guest.
void add_contents(guest_contents& to, const tree_snapshot& tree,
                  std::string_view guest_path);

/// Returns the step that puts an empty regular file of root's where something
/// is. Guest agents from 3.18 on remove what was there, whole directories too;
/// older ones replace files and links alone.
copy_step empty_file_step(std::string_view path);

/// How the contents of several guest paths are freed where nothing can be
/// removed.
struct emptying_plan {
  /// An empty regular file over each file, links before and after.
  copy_plan plan;
  /// Index of the path that each step is for.
  std::vector<std::uint32_t> path_of_step;
  /// For each path, a file that cannot be emptied, and why; or nothing.
  std::vector<std::string> why_not;
};

/// Plans that. Guest agents of that kind never truncate, so a temporary in the
/// way, or a file whose name is that of its own temporary, is first completed
/// under another name.
emptying_plan plan_emptying(const std::vector<guest_contents>& paths);

} // namespace fsshare
