// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/tree_snapshot.hpp"
#include "core/result.hpp"
#include "sys/tree/file_look.hpp"
#include "sys/tree/open_beneath.hpp"
#include "sys/tree/volume_judge.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fsshare {

/// Called between any two file system operations of a reader, so that tests
/// can change files exactly there. Empty in production.
using checkpoint = std::function<void()>;

/// Room for contents that are all read, whatever they have.
constexpr std::uint64_t any_memory = std::numeric_limits<std::uint64_t>::max();

/// What to do with a regular file.
enum class file_contents : std::uint8_t {
  read,
  leave,
  /// It is empty, and nothing below a directory is looked at.
  none
};

/// What to do about an entry that is gone between its listing and its reading,
/// or cannot be read.
enum class vanished_entries : std::uint8_t {
  fail,
  /// What is gone is left out, what cannot be read is skipped with the reason.
  leave_out
};

/// Whether to find out what the copy of an entry will not have.
enum class entry_losses : std::uint8_t { ignore, count };

/// Reads what is below one directory into a tree_snapshot. Used by one thread.
///
/// Everything is opened from that directory by openat2(2) with RESOLVE_BENEATH,
/// RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS: whatever somebody makes of
/// the tree meanwhile, nothing outside it is read, and what is mounted below it
/// is not asked, unless mounts are crossed. Sockets, FIFOs, devices and, unless
/// they are crossed, mount points are skipped with the reason; those of the
/// kernel's own filesystems always, and what has too long a path for any guest.
/// However deep the tree, at most three descriptors are open at a time; however
/// large a directory, no list of it is held beyond what the limits allow.
class dir_walk {
public:
  struct options {
    file_contents contents = file_contents::leave;
    mount_crossing mounts = mount_crossing::skip;
    /// When names and contents would take more, further contents are left.
    std::uint64_t memory = any_memory;
    /// The walk ends ABORTED soon after it is set; null if nobody sets it.
    stop_flag stop = nullptr;
    entry_losses losses = entry_losses::ignore;
    /// Leaves out what is of a volume that must not be copied; null for none.
    volume_judge* judge = nullptr;
  };

  /// @param base directory to read below; stays open and the caller's.
  /// @param shown its path, for error messages.
  /// @param between must outlive the walk.
  dir_walk(int base, std::string shown, const read_limits& limits, options opts,
           const checkpoint& between);

  /// Adds the entry `name` of the base (empty for the base itself, which then
  /// may also be a file or symlink whose contents are left) and all below it,
  /// as `as` (empty for the root of the snapshot) and below.
  /// @returns `errc::aborted` when something vanished that must not, or a file
  ///          changed during each of three readings;
  ///          `errc::permission_denied` when the base itself must not be
  ///          copied;
  ///          `errc::resource_exhausted` with the numbers when everything added
  ///          so far passes a limit; else what the kernel said.
  status add(const std::string& name, const std::string& as,
             vanished_entries vanished);

  /// Returns the names in the directory at `path` but for symlinks, sorted;
  /// they count like those that are added.
  result<std::vector<std::string>> names_without_links(const std::string& path);

  /// Gives away what was added since the last call, in lexical order of paths.
  /// What counts towards the limits stays counted.
  tree_snapshot take();

private:
  /// The names that tell whether something is of a volume.
  struct judged_names {
    std::shared_ptr<const place_names> names;
    /// Where the names begin, relative to the base.
    std::string begin;
    /// What is listed already as audited.
    std::optional<copy_category> audited = {};
  };

  /// An entry by its name in an open directory, and opened with O_PATH.
  struct opened_entry {
    int dir;
    const std::string& name;
    int handle;
  };

  /// An entry where it is (relative to the base) and as it will be known.
  struct place {
    std::string path;
    std::string as;
    judged_names judged = {};
  };

  void pause() const;
  std::string shown(const std::string& path) const;
  status add_empty_file(tree_entry entry);
  unique_fd open_directory(const std::string& path) const;
  const char* foreign(const place& at, bool is_mount) const;
  /// @param type d_type of readdir(3).
  using each_name
    = std::function<status(int dir, std::string_view name, unsigned char type)>;
  bool is_link(int dir, const std::string& name, unsigned char type) const;
  status list(unique_fd dir, const place& at, const each_name& each);
  status visit(int dir, const std::string& name, place at);
  status add_seen(const opened_entry& of, const file_look& seen, place at);
  status visit_children(const place& at);
  status vanish(const place& at) const;
  static bool says_vanished(int number);
  status unreadable(const place& at, int number, const char* call);
  result<bool> is_denied(int handle, const file_look& seen, place& at);
  void count_losses(int handle, const file_look& seen);
  status add_file(const opened_entry& of, const place& at, tree_entry entry);
  error unopened(int number, const place& at) const;
  result<bool> read_again(int dir, const std::string& name, const place& at,
                          tree_entry& entry) const;
  result<bool> read_once(int handle, const place& at, tree_entry& entry) const;
  result<bytes> read_to_end(int file, const place& at,
                            std::uint64_t told) const;
  status add_link(int dir, const std::string& name, const place& at,
                  tree_entry entry);
  status check_size(const place& at, std::uint64_t size) const;
  bool has_memory_for(std::uint64_t contents) const;
  status charge(std::uint64_t name_bytes);
  status skip(const place& at, const std::string& reason);
  status add_entry(tree_entry entry);

  int base_;
  std::string shown_;
  read_limits limits_;
  options options_;
  const checkpoint& between_;
  vanished_entries vanished_ = vanished_entries::fail;
  std::vector<place> pending_;
  tree_snapshot tree_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t names_bytes_ = 0;
};

} // namespace fsshare
