// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mount/mount_plan.hpp"
#include "core/share/opened_sources.hpp"
#include "messages/caf_compat.hpp"
#include "messages/errors.hpp"

#include <memory>

namespace fsshare {

/// Asks for a plan to be carried out now, one plan after the other.
struct run_plan {
  std::shared_ptr<const mount_plan> plan;
  /// What became of opening its outside_sources(); MOUNTER opens none.
  opened_sources sources;
};

/// Says that something was mounted or unmounted on the host, by whomever.
struct host_mounts_changed {};

/// Sent by MOUNTER to itself when it is time to look at the host's mounts.
struct mounter_tick {};

} // namespace fsshare

FSSHARE_MESSAGE(fsshare::host_mounts_changed)
FSSHARE_MESSAGE(fsshare::mounter_tick)
FSSHARE_MESSAGE(fsshare::run_plan)
FSSHARE_MESSAGE(fsshare::plan_done)

CAF_BEGIN_TYPE_ID_BLOCK(fsshare_mounter, fsshare::type_range(6))
  CAF_ADD_TYPE_ID(fsshare_mounter, (fsshare::run_plan))
  CAF_ADD_TYPE_ID(fsshare_mounter, (fsshare::plan_done))
  CAF_ADD_TYPE_ID(fsshare_mounter, (fsshare::host_mounts_changed))
  CAF_ADD_TYPE_ID(fsshare_mounter, (fsshare::mounter_tick))
CAF_END_TYPE_ID_BLOCK(fsshare_mounter)

namespace fsshare {

/// The MOUNTER actor: one per process, on a thread of its own; nobody else
/// mounts.
using mounter_actor = caf::typed_actor<
  // Fails with the error of the step that failed, after everything before it
  // was undone. A plan that goes on after failures is answered with what it
  // left behind. Running a plan of either kind again does no harm.
  rpc<plan_done, run_plan>, msg<host_mounts_changed>, msg<mounter_tick>>;

} // namespace fsshare
