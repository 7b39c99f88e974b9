// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/journal/adoption.hpp"
#include "core/mount/mount_plan.hpp"
#include "core/share/opened_sources.hpp"
#include "core/share/orphans.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <memory>
#include <string>
#include <vector>

namespace fsshare {

struct run_plan {
  std::shared_ptr<const mount_plan> plan;
  /// What became of opening its outside_sources(); MOUNTER opens none.
  opened_sources sources;
};

/// Sandboxes that earlier processes prepared.
struct look_at_sandboxes {
  std::shared_ptr<const std::vector<sandbox_places>> sandboxes;
};
struct sandboxes_seen {
  /// In the order of the request.
  std::vector<sandbox_look> looks;
};

struct list_marks {
  /// Where the marks lie of sandboxes whose guests get copies.
  std::string copy_mark_dir;
};

struct host_mounts_changed {};

struct mounter_tick {};

} // namespace fsshare

FSSHARE_MESSAGES(mounter, 6, run_plan, plan_done, look_at_sandboxes,
                 sandboxes_seen, list_marks, marked_entries,
                 host_mounts_changed, mounter_tick)

namespace fsshare {

/// The MOUNTER actor: one per process, on a thread of its own; nobody else
/// mounts.
using mounter_actor = caf::typed_actor<
  // Carries a plan out now, one plan after the other. Answered when it is done.
  // Fails with the error of the step that failed, after everything before it
  // was undone. A plan that goes on after failures is answered with what it
  // left behind. Running a plan of either kind again does no harm.
  rpc<run_plan, plan_done>,
  // What is there of these? Of those that are whole, the directories are told
  // by identity from then on. Fails where the mount table cannot be read, or
  // the share root is covered.
  rpc<look_at_sandboxes, sandboxes_seen>,
  // What lies in the share root, and which marks are there? Fails where either
  // cannot be listed, or the share root is covered.
  rpc<list_marks, marked_entries>,
  // Something was mounted or unmounted on the host, by whomever.
  msg<host_mounts_changed>,
  // INTERNAL: it is time to look at the host's mounts.
  msg<mounter_tick>>;

} // namespace fsshare
