// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/blob.hpp"
#include "core/copy/copy_losses.hpp"
#include "core/copy/skipped_list.hpp"

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace fsshare {

enum class entry_type : std::uint8_t { directory, file, symlink };

/// One entry of a host tree as it was read.
struct tree_entry {
  /// Relative to the tree's root, `/` between components; empty for the root.
  std::string path;
  entry_type type = entry_type::directory;
  /// Permission bits, at most 07777, without the file type.
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// Bytes of a regular file; 0 for the other types.
  std::uint64_t size = 0;
  /// How many of them seem to lie in holes, as far as can be told without
  /// reading.
  std::uint64_t hole_bytes = 0;
  /// The whole content of a file that was read; null for a file whose chunks
  /// are read from the disk as they are sent.
  blob content;
  /// What a symlink holds.
  std::string target;
};

/// A host tree: parents before children, in lexical order of their paths.
struct tree_snapshot {
  std::vector<tree_entry> entries;
  skipped_list skipped;
  /// Directories and files that `audit` lets pass, with what it says: they are
  /// of a volume that `deny` would leave out.
  skipped_list audited = {};
  /// What the copy has not.
  copy_losses losses = {};
  /// Sum of the sizes of all files, but for holes.
  std::uint64_t total_bytes = 0;
  /// What that may grow to as files are read that are larger than they seemed.
  std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max();
  /// Memory that names, link targets and skipped entries take, about.
  std::uint64_t names_bytes = 0;
};

/// How much of a tree is read before the reading is refused. Sums include
/// everything that is copied.
struct read_limits {
  std::uint64_t entries = 100'000;
  std::uint64_t bytes_per_file = std::uint64_t{4} << 30;
  std::uint64_t total_bytes = std::uint64_t{4} << 30;
  /// Memory for names, link targets and skipped entries.
  std::uint64_t names_bytes = std::uint64_t{32} << 20;

  friend bool operator==(const read_limits&, const read_limits&) = default;
};

/// What names the keys of limits in errors: a volume's sum has its own, which
/// bounds each of its files, too.
inline constexpr const char* entries_limit_key = " (copy.limits.entries)";
inline constexpr const char* file_limit_key
  = " for one file (copy.limits.file_bytes, of a volume "
    "copy.limits.volume_bytes, too)";
inline constexpr const char* sum_limit_key
  = " (copy.limits.sandbox_bytes, of a volume copy.limits.volume_bytes)";

/// Limits for volumes, whose snapshots are kept in memory. ConfigMaps and
/// Secrets have at most 1 MiB each; projected volumes combine several.
constexpr read_limits default_volume_limits{10'000, std::uint64_t{64} << 20,
                                            std::uint64_t{64} << 20,
                                            std::uint64_t{32} << 20};

/// Set when nobody waits any more for what is being read.
using stop_flag = std::shared_ptr<const std::atomic<bool>>;

/// One published state of a volume.
struct generation {
  /// What `..data` names, such as `..2026_01_02_03_04_05.123456789`.
  std::string name;
  /// Over path, type, mode and owner of every entry of the generation and of
  /// the volume's root. Contents are not in it: a name is never used twice.
  std::uint64_t digest = 0;

  friend bool operator==(const generation&, const generation&) = default;
};

/// A volume of AtomicWriter shape as it was at one moment.
struct volume_snapshot {
  generation id;
  /// Mode and owner of the volume's root directory; its path is empty.
  tree_entry root;
  /// The directory that `..data` named; the entry with the empty path is that
  /// directory itself.
  tree_snapshot tree;
  /// User-visible names: the first path elements of the tree, sorted. Each is a
  /// symlink NAME -> ..data/NAME in the guest.
  std::vector<std::string> links;
  /// Rest of the volume's root: directories (whole) and regular files whose
  /// names do not begin with `..`; never links. Has no entry for the root
  /// itself. Sent with the first copy only.
  tree_snapshot others;

  /// Memory that it takes, or would take with its contents, about.
  std::uint64_t memory_bytes() const {
    return tree.total_bytes + tree.names_bytes + others.total_bytes
           + others.names_bytes;
  }
};

using volume_snapshot_ptr = std::shared_ptr<const volume_snapshot>;
using tree_snapshot_ptr = std::shared_ptr<const tree_snapshot>;

} // namespace fsshare
