// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// The directory of state files, `SANDBOX.jsonl` each. They are for their owner
/// alone. Nothing is flushed: what was written outlives the process, and what
/// it tells of does not outlive the kernel. Blocks as long as the file system
/// does.
class state_files {
public:
  /// Larger ones are not read.
  static constexpr std::size_t most_bytes = std::size_t{64} << 20;

  explicit state_files(std::string dir) : dir_(std::move(dir)) {
  }

  const std::string& dir() const {
    return dir_;
  }

  /// Makes the directory, and those above it, where they are missing.
  status make_dir() const;

  /// Appends to a file that is there, with one write(2). After an error there
  /// is no telling how much of it is there.
  status append(const std::string& sandbox_id, std::string_view text) const;

  /// Writes a file anew: whoever reads it finds the former or all of this.
  status replace(const std::string& sandbox_id, std::string_view text) const;

  /// Idempotent.
  status remove(const std::string& sandbox_id) const;

  /// Renames a file to `SANDBOX.jsonl.aside`, which is not read any more.
  status set_aside(const std::string& sandbox_id) const;

  struct file {
    std::string sandbox_id;
    result<std::string> text;
  };
  /// Reads all of them, and removes what a process left that was killed in
  /// replace(). Other names are passed over. A directory that is not there has
  /// none.
  result<std::vector<file>> read_all() const;

  /// The same, and changes nothing.
  result<std::vector<file>> look_at_all() const;

  /// Names of the files that were set aside; none where that cannot be told.
  std::vector<std::string> names_set_aside() const;
  /// The sandboxes of these, sorted.
  std::vector<std::string> sandboxes_set_aside() const;

  /// Removes a file that was set aside. Idempotent.
  status remove_aside(const std::string& sandbox_id) const;

  /// Says why the directory's file system takes no more; empty where it does,
  /// where that cannot be told, and for a directory that is not there.
  std::string why_not_writable() const;

private:
  std::string path_of(const std::string& sandbox_id) const;

  std::string dir_;
};

/// Returns what tells this run of the kernel from others (random(4)).
result<std::string> read_boot_id();

} // namespace fsshare
