// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/api/api_types.hpp"
#include "core/api/mount_namespace.hpp"
#include "core/mount/mount_options.hpp"
#include "core/result.hpp"
#include "core/share/share_layout.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fsshare {

// Every path of a step lies strictly below the plan's share root, but for the
// sources of binds, which may lie anywhere, and the marks of sandboxes that are
// sent copies: of those nothing lies there. The first five steps make something
// and have an undo; the others take away, and find nothing to do where that is
// already gone.

/// Makes a sandbox's directory with the mark in it, or neither. The directory
/// must not exist: one that does is a shim's, or of ours from before;
/// `errc::failed_precondition` says which.
struct make_sandbox_dir {
  std::string path;
  std::uint32_t mode = 0;
  std::string mark_path;
  std::string mark_text;
  friend bool operator==(const make_sandbox_dir&, const make_sandbox_dir&)
    = default;
};

/// Makes a directory; one that is there already is taken as it is.
struct make_directory {
  std::string path;
  std::uint32_t mode = 0;
  friend bool operator==(const make_directory&, const make_directory&)
    = default;
};

/// Makes what `source` can be mounted on: an empty directory for a directory,
/// an empty file for anything else. Nothing of that name may exist.
struct make_placeholder {
  std::string path;
  std::string source;
  friend bool operator==(const make_placeholder&, const make_placeholder&)
    = default;
};

/// Mounts `source` on `target`. All steps of a plan that name one source
/// outside the share root work on what the first of them opened, even if the
/// path leads elsewhere by then.
struct make_bind {
  std::string source;
  std::string target;
  bind_options options;
  friend bool operator==(const make_bind&, const make_bind&) = default;
};

/// Goes on, after another process, to take out of the bind at `target` what the
/// host unmounts in `source`.
struct follow_bind {
  std::string source;
  std::string target;
  bind_options options;
  friend bool operator==(const follow_bind&, const follow_bind&) = default;
};

/// Makes the mark of a sandbox whose guest gets copies, at copy_mark_path().
/// There must be none; `errc::failed_precondition` otherwise.
struct make_copy_mark {
  std::string path;
  std::string text;
  friend bool operator==(const make_copy_mark&, const make_copy_mark&)
    = default;
};

/// Removes that mark; where it was there, the rest of the plan has nothing to
/// do.
struct remove_copy_mark {
  std::string path;
  friend bool operator==(const remove_copy_mark&, const remove_copy_mark&)
    = default;
};

/// Goes on only where there is no such mark; `errc::failed_precondition`.
struct require_no_copy_mark {
  std::string path;
  friend bool operator==(const require_no_copy_mark&,
                         const require_no_copy_mark&)
    = default;
};

/// Lists what is at `path` as somebody else's.
struct list_foreign {
  std::string path;
  friend bool operator==(const list_foreign&, const list_foreign&) = default;
};

/// Goes on only where `sandbox_dir` bears our mark for this sandbox. Without a
/// directory the rest of the plan has nothing to do.
/// `errc::failed_precondition` without the mark or with another's.
struct require_mark {
  std::string sandbox_dir;
  std::string mark_path;
  std::string sandbox_id;
  friend bool operator==(const require_mark&, const require_mark&) = default;
};

/// Goes on only where nothing at `path` bears our mark;
/// `errc::failed_precondition` otherwise. What is there without it is listed as
/// somebody else's.
struct require_no_mark {
  std::string path;
  friend bool operator==(const require_no_mark&, const require_no_mark&)
    = default;
};

/// Goes on only where no other process has `path`, the directory of a sandbox,
/// or anything below it open, as its file server does;
/// `errc::failed_precondition` names the process.
struct require_unused {
  std::string path;
  friend bool operator==(const require_unused&, const require_unused&)
    = default;
};

/// Removes the directory of a sandbox that bears no mark, or a part of it: one
/// of ours whose making, or removal, was cut off. Then the rest of the plan has
/// nothing to do: what else is in it, and not mounted by us, is listed as
/// somebody else's and stays.
struct remove_unmarked {
  std::string path;
  std::string mark_path;
  std::string mark_text;
  friend bool operator==(const remove_unmarked&, const remove_unmarked&)
    = default;
};

/// Takes away everything that is mounted on `path`, with all below it, at once
/// and even if it is in use (MNT_DETACH). Never follows a link.
struct unmount {
  std::string path;
  friend bool operator==(const unmount&, const unmount&) = default;
};

/// Removes one empty file or empty directory. What is mounted there stays and
/// fails; anything else is not ours, stays and is listed as that.
struct remove_placeholder {
  std::string path;
  friend bool operator==(const remove_placeholder&, const remove_placeholder&)
    = default;
};

/// Removes the empty files and directories in `path` and in its directories,
/// no deeper: what a sandbox's steps can have made. What is mounted there stays
/// and fails; anything else is not ours, stays and is listed as that.
struct remove_placeholders {
  std::string path;
  friend bool operator==(const remove_placeholders&, const remove_placeholders&)
    = default;
};

/// Removes an empty directory. What is mounted there stays and fails; one that
/// is not empty holds what is not ours, stays and is listed as that.
struct remove_directory {
  std::string path;
  friend bool operator==(const remove_directory&, const remove_directory&)
    = default;
};

/// Removes the mark and the directory that it is in, where nothing else is
/// left there: what could not be removed can still be told as ours.
struct remove_sandbox_dir {
  std::string path;
  std::string mark_path;
  /// The steps before took away all that is ours, or this one is not tried.
  /// What is left beside the mark is listed as somebody else's then, and the
  /// mark goes all the same.
  bool rest_is_foreign = false;
  friend bool operator==(const remove_sandbox_dir&, const remove_sandbox_dir&)
    = default;
};

using mount_step
  = std::variant<make_sandbox_dir, make_directory, make_placeholder, make_bind,
                 follow_bind, make_copy_mark, remove_copy_mark,
                 require_no_copy_mark, list_foreign, require_mark,
                 require_no_mark, require_unused, remove_unmarked, unmount,
                 remove_placeholder, remove_placeholders, remove_directory,
                 remove_sandbox_dir>;

/// Returns what a step does in words for an error, such as `bind /a -> /b`.
std::string describe(const mount_step& step);

/// Returns the path that a step works on.
const std::string& path_of(const mount_step& step);

/// Returns whether a step that fails ends even a plan that goes on.
bool is_condition(const mount_step& step);

/// Returns the step that takes back what `step` made; nothing for a step that
/// takes away.
std::optional<mount_step> undo_of(const mount_step& step);

/// What happens to a plan when one of its steps fails.
enum class on_failure : std::uint8_t {
  /// The steps before it are undone in reverse: all or nothing.
  undo,
  /// The steps after it are still tried; what stays is listed. A failed
  /// condition (`require_...`) ends the plan nevertheless.
  go_on,
};

/// The ordered steps of one request.
struct mount_plan {
  /// Where the steps' paths lie.
  share_layout layout;
  fsshare::on_failure on_failure = fsshare::on_failure::undo;
  std::vector<mount_step> steps;
  /// Where they are carried out, and where their sources are.
  fsshare::mount_namespace mount_namespace = {};
};

/// Returns whether any step of a plan works below its share root, which has to
/// be there then.
bool needs_share_root(const mount_plan& plan);

/// Returns the sources that a plan binds from outside its share root, each
/// once. Nothing can be done there without asking a filesystem of somebody
/// else.
std::vector<std::string> outside_sources(const mount_plan& plan);

/// What became of a plan that did not fail.
struct plan_done {
  /// Steps that changed something; 0 when a repeated request found it all done.
  std::size_t changed = 0;
  /// Empty unless the plan goes on after failures.
  std::vector<path_reason> leftovers;
  /// What is somebody else's and is no failure of ours.
  std::vector<path_reason> foreign;
};

/// Returns success when nothing stayed behind, somebody else's or ours.
/// @returns `errc::failed_precondition` with one sentence that counts what did
///          and lists the first of it.
status check_nothing_left(const plan_done& done);

/// Returns success when nothing of ours stayed behind; what is somebody else's
/// is no error.
/// @returns as check_nothing_left().
status check_nothing_of_ours_left(const plan_done& done);

/// Appends the steps of `more`, a plan for the same sandbox, so that one
/// request can take several things away.
void append(mount_plan& plan, mount_plan more);

/// Plans Prepare for a sandbox whose guest sees `shared/`: the directories, the
/// mark, `mounts/` as a shared mount of its own, `shared/` as its read-only
/// slave, the sandbox binds as `mounts/sandbox-mounts/<basename of the
/// source>`.
/// @param taken Whether sandbox binds take the mounts below their sources.
/// @returns `errc::invalid_argument` for a bad source and for two sources with
///          one basename.
result<mount_plan> plan_prepare(const share_layout& layout,
                                std::span<const sandbox_bind> binds,
                                submounts taken);

/// Plans Prepare for a sandbox whose guest gets copies: its mark, and nothing
/// below the share root, where the shim has directories of its own.
/// @param mark_path From copy_mark_path().
mount_plan plan_prepare_copy(const share_layout& layout,
                             std::string_view mark_path);

/// Plans Cleanup after that; what is below the share root is listed.
mount_plan plan_cleanup_copy(const share_layout& layout,
                             std::string_view mark_path);

/// Plans Cleanup after plan_prepare(). It knows no share by name: what is
/// mounted goes with the two mounts that Prepare made, what is left over is
/// found by looking.
mount_plan plan_cleanup(const share_layout& layout);

/// Plans Cleanup after a plan_prepare() or plan_cleanup() that was cut off.
mount_plan plan_cleanup_unfinished(const share_layout& layout);

/// Plans what is to be done in a sandbox that an earlier process was killed in:
/// takes away what the classic mount API had prepared out of sight.
mount_plan plan_settle(const share_layout& layout);

/// Plans that shares of earlier processes lose what the host unmounts, where
/// the kernel does not see to that.
mount_plan plan_follow(const share_layout& layout, std::string_view share_name,
                       std::string_view source, const bind_options& options);

/// Plans Cleanup of a sandbox that nobody prepared here: nothing to do, unless
/// either mark is there, which fails.
mount_plan plan_cleanup_unknown(const share_layout& layout,
                                std::string_view mark_path);

/// Plans the end of a sandbox that an earlier process prepared: Cleanup, but
/// for one that somebody uses.
mount_plan plan_discard(const share_layout& layout, std::string_view mark_path);

/// Plans to look whether somebody uses a sandbox, and changes nothing; one that
/// is not there is unused.
mount_plan plan_use_check(const share_layout& layout);

/// Plans a share of `source` as `mounts/<share_name>`.
/// @param share_name From make_share_name().
/// @returns `errc::invalid_argument` for a bad source.
result<mount_plan> plan_share(const share_layout& layout,
                              std::string_view share_name,
                              std::string_view source,
                              const bind_options& options);

/// Plans the same for a share that the guest agent watches: with the directory
/// that its copies are made in.
result<mount_plan> plan_watchable_share(const share_layout& layout,
                                        std::string_view share_name,
                                        std::string_view source,
                                        const bind_options& options);

/// Plans the end of a share.
mount_plan plan_unshare(const share_layout& layout,
                        std::string_view share_name);

/// Plans a bind of a container's root file system as
/// `mounts/<container>/rootfs`.
/// @returns `errc::invalid_argument` for a bad source or container id.
result<mount_plan> plan_rootfs(const share_layout& layout,
                               std::string_view container_id,
                               std::string_view source,
                               const bind_options& options);

/// Plans the directory `mounts/<container>/<suffix>`, on whose view in the
/// guest its agent mounts a block device.
/// @param suffix Passed check_id(), or empty.
/// @returns `errc::invalid_argument` for a bad container id.
result<mount_plan> plan_rootfs_dir(const share_layout& layout,
                                   std::string_view container_id,
                                   std::string_view suffix);
result<mount_plan> plan_remove_rootfs_dir(const share_layout& layout,
                                          std::string_view container_id,
                                          std::string_view suffix);

/// Plans the directory and `snapshot_dir` bound beside it as
/// `mounts/<container>/snapshotdir`, for a nydus root filesystem.
/// @returns `errc::invalid_argument` for a bad directory or container id, and
///          for the suffix `snapshotdir`.
result<mount_plan> plan_nydus_rootfs(const share_layout& layout,
                                     std::string_view container_id,
                                     std::string_view suffix,
                                     std::string_view snapshot_dir,
                                     const bind_options& options);
result<mount_plan> plan_unshare_nydus_rootfs(const share_layout& layout,
                                             std::string_view container_id,
                                             std::string_view suffix);

/// Plans the end of a container's root file system share.
/// @returns `errc::invalid_argument` for a bad container id.
result<mount_plan> plan_unshare_rootfs(const share_layout& layout,
                                       std::string_view container_id);

} // namespace fsshare
