// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/copy/guest_profile.hpp"
#include "core/copy/tree_snapshot.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fsshare {

/// Bytes of file contents in one request unless another size is asked for: as
/// fast as larger ones, and small enough to share a window.
constexpr std::uint64_t default_chunk_bytes = std::uint64_t{1} << 20;

/// Mode for parents that a guest agent has to make itself (`dir_mode`) and that
/// are above a plan; the others have that of their own step.
constexpr std::uint32_t implicit_parent_mode = 0750;

/// One entry to be made in the guest. Only a file may take several requests.
struct copy_step {
  entry_type type = entry_type::directory;
  /// Absolute path in the guest.
  std::string path;
  /// Permission bits, at most 07777; see wire_mode().
  std::uint32_t mode = 0;
  /// Mode of the parent directory, should the guest agent have to make it.
  std::uint32_t parent_mode = implicit_parent_mode;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  /// Bytes of a file that are sent.
  std::uint64_t size = 0;
  /// What requests name instead of `path`, if not empty; see sent_path().
  std::string sent_as;
  /// How many of them seem to lie in holes; see tree_entry.
  std::uint64_t hole_bytes = 0;
  /// What is announced as `file_size`: the size of a file, but for a file that
  /// must not be completed; 0 for the other types.
  std::uint64_t announced_size = 0;
  /// Whole content of a file; null when chunks are read from the disk.
  blob content;
  /// Path of the file relative to the host tree's root (empty for the root
  /// itself) when content is null.
  std::string source;
  /// What a symlink shall hold. Empty asks for removal.
  std::string target;
  /// Everything of a stage is acknowledged before the next one begins.
  std::uint32_t stage = 0;
  /// The request that makes `..data` in the guest name this generation.
  bool is_flip = false;
  /// Position of the content's first byte in the guest's file.
  std::uint64_t offset = 0;
  /// Only takes the file's temporary away; see spend_step().
  bool is_spending = false;
  /// An empty link over a link that resolves, for a guest agent that removes
  /// nothing else: INTERNAL with ENOENT is its success.
  bool is_unlinking = false;
  /// Only gives the directory it names its owner; see owner_step().
  bool is_for_owner = false;
  /// A link that may have been made already, by a request without an answer,
  /// for a guest agent that then answers EEXIST.
  bool may_exist = false;
};

/// Step `after` begins when step `before` is acknowledged whole. Both are
/// indices, and of one stage.
struct step_order {
  std::uint32_t before = 0;
  std::uint32_t after = 0;

  friend bool operator==(const step_order&, const step_order&) = default;
};

/// What to send to a guest so that it has a tree, with all that must hold about
/// the order. Passive and immutable once made: several guests may share one.
struct copy_plan {
  /// By rising stage.
  std::vector<copy_step> steps;
  std::vector<step_order> order;
  /// Entries that are not sent, with the reason: those of the snapshot and
  /// those that this guest agent cannot take.
  skipped_list skipped;
  /// Entries that are sent but cannot arrive exactly as they are, and how.
  skipped_list notes;
  /// Visible links that are not sent, nor to be there.
  std::vector<std::string> links_left_out;
  /// Sum of the sizes of all steps.
  std::uint64_t total_bytes = 0;
};

using copy_plan_ptr = std::shared_ptr<const copy_plan>;

/// How one generation goes to one destination.
struct push_options {
  /// Guest path of the volume's root.
  std::string guest_root;
  /// Name of the generation's directory in the guest: that of the host, or with
  /// `.1`, `.2` ... appended. Never used twice in one destination.
  std::string attempt_name;
  /// Whether the root directory itself is sent: at first, and when its mode or
  /// owner changed.
  bool send_root = false;
  /// Whether the volume's other entries are sent: at first only. Later they are
  /// left alone, the workload may have mounts on them.
  bool send_others = false;
  /// Visible links that the guest shall have; each NAME leads to `..data/NAME`.
  /// Left out are names that begin with `..`, those that are something else
  /// than a link on the host's root or in the guest, and those that would lead
  /// nowhere.
  std::vector<std::string> links;
  /// Those of them that are there and are not sent again.
  std::set<std::string> links_made;
  /// Names that the volume's root in the guest has for something else; the
  /// container may have mounts on them.
  std::set<std::string> taken;
  /// Links of deleted keys: removed before the flip, while they still resolve,
  /// by guest agents that remove no others.
  std::vector<std::string> links_to_remove;
};

/// Plans the copy of a tree, which may be a single file or symlink, to
/// `guest_root`. Contents that the snapshot lacks are left to be read.
copy_plan plan_tree(const tree_snapshot& tree, std::string_view guest_root,
                    const guest_profile& guest);

/// Plans a push: the generation's tree, its directories again where the guest
/// agent gave them a child's owner, the flip, then visible links.
///
/// An entry of the generation goes together with its directory if the guest
/// agent surely makes parents: whichever of the two makes it, the directory has
/// its own mode and owner when both are answered. What is above it stands
/// before.
///
/// Flip and links carry the owner of the volume's root, which the guest agent
/// may hand on to it.
copy_plan plan_push(const volume_snapshot& volume, const push_options& options,
                    const guest_profile& guest);

/// Returns the step that makes a volume's `..data` name `generation`; for flips
/// on their own, such as back to the previous generation.
copy_step flip_step(std::string_view guest_root, std::string_view generation,
                    std::uint32_t root_uid, std::uint32_t root_gid);

/// Returns the step that makes a volume's visible link NAME -> `..data/NAME`.
copy_step visible_link_step(std::string_view guest_root, std::string_view name,
                            std::uint32_t root_uid, std::uint32_t root_gid);

/// Returns the step that removes whatever is at `path`, where the guest agent
/// can: see guest_profile::classify_removal(). Never send it below a directory
/// that may be gone, which it would create again.
/// @param directory_uid owner that the parent directory has or shall have;
///        `directory_gid` likewise.
copy_step removal_step(std::string_view path, std::uint32_t directory_uid,
                       std::uint32_t directory_gid);

/// Returns `file_mode` of the requests of a step: permission bits and type bits
/// of st_mode.
std::uint32_t wire_mode(const copy_step& step);

/// Returns the path that the requests of a step name. Guest agents 3.18 to 3.32
/// remove a finished temporary that bears the very name of its file, just
/// before they would rename it. So a file such as `a.tmp` is sent to a name of
/// the same temporary that is too long for any file: whole, with its mode and
/// owner, its contents stay under the name of the temporary.
inline const std::string& sent_path(const copy_step& step) {
  return step.sent_as.empty() ? step.path : step.sent_as;
}

/// Tells by the reply to a request of a step whether the guest agent did what
/// was wanted.
/// @param is_last whether it was the last chunk of a file.
bool was_done(const copy_step& step, bool is_last, errc code,
              std::string_view message);

/// Checks that the guest agent takes what the plan sends.
/// @returns `errc::failed_precondition` for guest agents up to 3.2, which take
///          single files only, if the plan has anything else; and for a path
///          that is not below `share_dir`, component by component: guest agents
///          3.18 to 3.32 delete everybody's copies when they are sent the
///          directory itself.
/// @param share_dir guest path of the directory that holds all copies; empty if
///        it is not known.
status check_plan(const copy_plan& plan, const guest_profile& guest,
                  std::string_view share_dir = {});

} // namespace fsshare
