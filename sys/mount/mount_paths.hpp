// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mount/mount_plan.hpp"
#include "core/result.hpp"
#include "sys/mount/held_root.hpp"
#include "sys/mountinfo.hpp"
#include "sys/tree/open_beneath.hpp"
#include "sys/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

class bounded_calls;

/// What lies below the share root, reached by descriptors from there with
/// openat2(2): no `..`, no symbolic and no magic link is ever followed, whoever
/// renames what meanwhile. Paths are absolute and lie strictly below the root.
///
/// Nothing here deletes recursively. What removes looks at one name at a time,
/// crosses no mount but the one that Prepare made at `mounts/`, refuses mount
/// points, and takes away only empty directories and empty regular files.
class share_tree {
public:
  /// @param root The share root of the layout; outlives the tree.
  /// @param mounts_dir What Prepare made at `mounts/`, where that is known.
  /// @param calls Does what asks filesystems that are not ours.
  share_tree(const held_root& root, const share_layout& layout,
             std::optional<mount_identity> mounts_dir, bounded_calls& calls);

  const held_root& root() const {
    return root_;
  }
  bounded_calls& calls() const {
    return calls_;
  }
  /// Returns the name of the sandbox's directory in the share root.
  std::string_view sandbox_name() const;

  /// Identifies the directory `mounts/`, whatever is mounted on it if that is
  /// Prepare's; `errc::not_found` without one.
  result<mount_identity> identify_mounts_dir() const;

  /// Opens what is at `path`, on top of all mounts, for use as a mount's source
  /// or target (O_PATH).
  result<unique_fd> open_path(const std::string& path) const;

  /// The same for what lies in somebody else's mount: what the kernel does not
  /// know is asked for by a reader, for a limited time; see bounded_calls.
  result<unique_fd> open_foreign(const std::string& path) const;

  /// Makes a directory, but none in what is mounted below the sandbox: that is
  /// a user's.
  /// @returns whether it was made; false for a directory that existed.
  ///          `errc::already_exists` for something else of that name,
  ///          `errc::failed_precondition` for a mount in the way.
  result<bool> make_directory(const std::string& path,
                              std::uint32_t mode) const;

  /// Makes an empty regular file, with the same care, or
  /// `errc::already_exists`.
  status make_empty_file(const std::string& path) const;

  /// Makes a file with `text`, durably and only as a whole, or
  /// `errc::already_exists`.
  status write_new_file(const std::string& path, std::string_view text) const;

  /// Reads a regular file of at most 4 KiB; `errc::not_found` without one.
  result<std::string> read_small_file(const std::string& path) const;

  struct removal {
    bool removed = false;
    /// Why it stays and is somebody else's; empty otherwise.
    std::string foreign;
  };
  /// Removes one empty file or directory. What is not empty, or neither of
  /// both, is somebody else's: we make no such thing.
  /// @returns `errc::failed_precondition` for a mount point.
  result<removal> remove_empty(const std::string& path) const;

  struct removed_entries {
    std::size_t removed = 0;
    std::vector<path_reason> leftovers;
    std::vector<path_reason> foreign;
  };
  /// Removes the empty files and directories in `path` and in its directories,
  /// where `path` is reached without crossing a mount. Not there is empty.
  result<removed_entries> remove_empty_entries(const std::string& path) const;

  /// Removes the mark.
  /// @param rest_is_foreign What lies beside it is listed as that.
  /// @returns `errc::failed_precondition` if anything else lies beside it
  ///          otherwise, and if one of our directories is a mount point.
  result<removed_entries> remove_mark(const std::string& path,
                                      bool rest_is_foreign) const;

  /// Unmounts everything that is mounted on `path`, with all below; lazily what
  /// is in use. What somebody else bound there with its original's mounts is
  /// taken out of its peer group first, so that nothing of it is unmounted but
  /// the copy.
  /// @returns whether anything was; `errc::failed_precondition` where `path`
  ///          lies in what somebody mounted over our directories.
  result<bool> detach(const std::string& path) const;

  /// Takes one mount out of a share, with what is mounted below it, if it is on
  /// top at its path; asks no filesystem, see open_cached().
  /// @param share Where the share is mounted.
  /// @param path Of the mount, below it.
  /// @returns the mount's root, with which it goes: it is not to be closed
  /// where
  ///          nothing may block. `errc::failed_precondition` where something
  ///          else is on top.
  result<unique_fd> detach_inside(const std::string& share,
                                  const std::string& path,
                                  std::uint64_t mount) const;

private:
  result<unique_fd> open_below(const std::string& path, int flags,
                               mount_crossing mounts) const;
  result<unique_fd> open_parent(const std::string& path,
                                mount_crossing mounts) const;
  result<unique_fd> open_mounts_dir() const;
  status close_off(const std::string& path) const;
  status release_foreign(const unique_fd& parent,
                         const std::string& path) const;
  result<bool> release_one(const mounted_entry& mount) const;
  result<bool> unmount_top(const unique_fd& parent,
                           const std::string& path) const;
  /// Opens the directory of a placeholder: it lies on the share root's file
  /// system, or on the mount that Prepare made, and on no other.
  result<unique_fd> open_own_parent(const std::string& path) const;
  /// Opens the directory in which something is to be made: the same, or the
  /// staging directory's mount.
  result<unique_fd> open_parent_to_fill(const std::string& path) const;

  const held_root& root_;
  bounded_calls& calls_;
  std::optional<mount_identity> known_mounts_dir_;
  std::string root_path_;
  std::string sandbox_dir_;
  std::string mounts_dir_;
  std::string shared_dir_;
  std::string staging_dir_;
};

/// Makes the share root and the directories above it where they are missing.
status make_share_root(const std::string& path);

} // namespace fsshare
