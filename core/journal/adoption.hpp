// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/journal_record.hpp"
#include "core/result.hpp"
#include "core/share/share_layout.hpp"

#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace fsshare {

/// What there is at a path that a sandbox's records tell of.
enum class seen_place : std::uint8_t {
  nothing,
  /// A file or directory of ours, with nothing mounted on it.
  placeholder,
  mounted,
};

/// What a look at the host found of one sandbox.
struct sandbox_look {
  /// Its directory bears our mark, for it.
  bool bears_mark = false;
  /// `mounts/` and `shared/` are the mounts that Prepare made, and nothing
  /// covers them.
  bool has_mounts = false;
  /// By path, those that were asked for.
  std::map<std::string, seen_place> places;
  /// Why nothing of it could be looked at: its mount namespace is gone, or
  /// cannot be entered.
  std::string unreachable = {};

  friend bool operator==(const sandbox_look&, const sandbox_look&) = default;
};

/// A sandbox to look at.
struct sandbox_places {
  share_layout layout;
  std::vector<std::string> paths;
  fsshare::mount_namespace mount_namespace = {};
};

/// It goes on. What of it is `leaving` is still to be taken away, all else is
/// `made`.
struct adopted_sandbox {
  recorded_sandbox sandbox;
  /// Ids of shares, and containers of root filesystems, that were ready, and
  /// whose mounts somebody has taken away.
  std::vector<std::string> lost;
  /// The classic mount API has left something behind.
  bool is_unsettled = false;
  /// What this has decided, to be written down; `sandbox` has it already.
  std::vector<journal_record> decided = {};
};
/// Prepare or Cleanup of it did not end: it is to be cleaned up.
struct unfinished_sandbox {
  /// `intended` or `leaving`.
  recorded_phase phase = recorded_phase::leaving;
};
/// It was prepared, and what was mounted for it is not there any more: nothing
/// but Cleanup is left for it.
struct lost_sandbox {
  std::string why;
};

/// What Cleanup has to know of the last two.
struct sandbox_remains {
  /// Why it does not go on.
  error cause;
  /// As it was prepared, in whole or in part.
  prepare_request request;
  /// Mountpoints of images that its nydusd may have.
  std::set<std::string> images = {};
  /// Its directory may be there without the mark.
  bool is_unfinished = false;
};

using adoption
  = std::variant<adopted_sandbox, unfinished_sandbox, lost_sandbox>;

/// Returns the names that a recorded sandbox has on the host and in its guest.
share_layout layout_of(const recorded_sandbox& sandbox,
                       const std::string& share_root);

/// Returns the paths that are to be looked at for adopt().
std::vector<std::string> places_of(const recorded_sandbox& sandbox,
                                   const share_layout& layout);

/// Decides what becomes of a sandbox that an earlier process has written down.
/// What was not known to be made counts as made where all of it is there. In
/// copy mode nothing of the host matters, see adopt_copies().
adoption adopt(const recorded_sandbox& sandbox, const share_layout& layout,
               const sandbox_look& look);

/// The same of a sandbox in copy mode that was prepared. A tree whose copy was
/// cut off is a leftover, and so is what was begun of a part of an emptyDir;
/// the copy of a volume of which nothing went live stays, without a share if
/// none was ready. What an emptyDir has is not touched.
adopted_sandbox adopt_copies(const recorded_sandbox& sandbox);

/// Returns what the next GUEST PROXY has to know of the guest.
guest_of_before guest_of(const recorded_sandbox& sandbox);

} // namespace fsshare
