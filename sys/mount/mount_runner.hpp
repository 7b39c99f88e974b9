// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/adoption.hpp"
#include "core/mount/mount_plan.hpp"
#include "core/result.hpp"
#include "core/share/opened_sources.hpp"
#include "core/share/orphans.hpp"
#include "sys/mount/host_follower.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace fsshare {

/// What one step did.
struct step_outcome {
  /// Whether anything is different now, so that there is something to undo.
  bool changed = false;
  /// Whether the rest of the plan has nothing to do.
  bool finished = false;
  /// What stayed, where one step removes several things.
  std::vector<path_reason> leftovers = {};
  /// What is somebody else's.
  std::vector<path_reason> foreign = {};
};

/// Carries out the steps of one plan and holds what they opened; it ends with
/// the plan, so that no source stays busy on our account.
class mount_session {
public:
  virtual ~mount_session() = default;

  /// Gives it the outside_sources() of its plan. It opens none by itself, since
  /// that may block for ever; a step that needs one that could not be opened
  /// fails with that error.
  virtual void give(opened_sources sources) = 0;

  /// Carries out one step, wholly or not at all.
  /// @returns the kernel's reason as a sentence; describe() is not part of it.
  virtual result<step_outcome> apply(const mount_step& step) = 0;
};

/// The seam between plans and the kernel; tests let steps fail here.
class mount_executor {
public:
  virtual ~mount_executor() = default;

  /// Begins a plan, which outlives the session.
  /// @returns `errc::not_found` where the share root was deleted, with nothing
  ///          in it.
  virtual result<std::unique_ptr<mount_session>> begin(const mount_plan& plan)
    = 0;

  /// Looks at what there is of sandboxes that earlier processes prepared.
  virtual result<std::vector<sandbox_look>>
  look_at(const std::vector<sandbox_places>& sandboxes) {
    return std::vector<sandbox_look>(sandboxes.size());
  }

  /// Lists what lies in the share root, and the marks in another directory.
  virtual result<marked_entries>
  list_marks(const std::string& /*copy_mark_dir*/) {
    return marked_entries{};
  }

  /// Counts sandboxes that were prepared here and whose directories somebody
  /// else has taken away.
  virtual std::size_t count_wiped() const {
    return 0;
  }

  /// Whether any share is to follow what the host unmounts.
  virtual bool follows_host() const {
    return false;
  }
  /// Takes out of those shares what the host has unmounted.
  virtual result<host_look> follow_host() {
    return host_look{};
  }
};

/// Runs a plan. Blocks while the kernel works.
///
/// A failed step of an all-or-nothing plan undoes those before it in reverse;
/// what the undo could not do is appended to the sentence. A plan that goes on
/// lists instead what stays, and does not try to remove what holds it.
///
/// @param sources What became of opening the plan's outside_sources().
result<plan_done> run(const mount_plan& plan, mount_executor& executor,
                      opened_sources sources = {});

} // namespace fsshare
