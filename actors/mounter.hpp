// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "messages/mounter.hpp"
#include "messages/state_actor.hpp"
#include "sys/mount_runner.hpp"

#include <memory>

namespace fsshare {

/// What MOUNTER owns: the way to the mount namespace that it works in. It
/// blocks, so that it is spawned with spawn_blocking().
class mounter_state {
public:
  using handle = mounter_actor;
  static constexpr const char* name = "mounter";
  static constexpr bool survives_exceptions = true;

  /// @param executor Not null; used by this actor only.
  mounter_state(handle::pointer self, std::shared_ptr<mount_executor> executor);

  handle::behavior_type make_behavior();

private:
  std::shared_ptr<mount_executor> executor_;
};

using mounter = state_actor<mounter_state>;

} // namespace fsshare
